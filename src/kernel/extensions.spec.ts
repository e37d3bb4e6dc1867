import { aGateway } from '../../test/builders/catalog.js';
import { TASKS, declaresExtension, routedExtensions } from './extensions.js';

const UI = 'io.modelcontextprotocol/ui';
const withExtensions = (extensions: unknown, era: 'legacy' | 'modern' = 'modern') =>
  aGateway({ era, capabilities: { extensions } as never });

describe('routedExtensions', () => {
  it('gives the settings of the first Gateway that has them, as they are', () => {
    const settings = { mimeTypes: ['text/html;profile=mcp-app'], 'x.y/z': 1 };
    const gateways = [
      withExtensions({ [UI]: settings }),
      withExtensions({ [UI]: { other: true }, 'a/b': {} }),
      aGateway(),
    ];
    expect(routedExtensions(gateways, 'modern')).toEqual({ [UI]: settings, 'a/b': {} });
    expect(routedExtensions(gateways, 'legacy')).toEqual({ [UI]: settings, 'a/b': {} });
  });

  it('offers tasks where both ends are modern', () => {
    const gateways = [withExtensions({ [TASKS]: {} })];
    expect(routedExtensions(gateways, 'modern')).toEqual({ [TASKS]: {} });
    expect(routedExtensions(gateways, 'legacy')).toEqual({});
    expect(routedExtensions([withExtensions({ [TASKS]: {} }, 'legacy')], 'modern')).toEqual({});
  });

  it('takes nothing that is malformed', () => {
    expect(routedExtensions([withExtensions(['a']), withExtensions({ a: 1 })], 'modern')).toEqual(
      {},
    );
  });
});

describe('declaresExtension', () => {
  it('looks where extensions are declared, and nowhere else', () => {
    expect(declaresExtension(`{"extensions":{"${TASKS}":{}}}`, TASKS)).toBe(true);
    expect(declaresExtension(`{"${TASKS}":{}}`, TASKS)).toBe(false);
    expect(declaresExtension('{}', TASKS)).toBe(false);
  });
});
