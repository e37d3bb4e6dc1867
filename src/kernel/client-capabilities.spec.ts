import {
  CAPABILITY,
  capabilitiesText,
  fitExtensions,
  missingCapability,
  readCapabilities,
} from './client-capabilities.js';

const EVERYTHING =
  '{"sampling":{"tools":{},"context":{}},"roots":{"listChanged":true},"elicitation":{"url":{},"form":{}}}';

describe('client capabilities', () => {
  it('are read as bits, whatever their order, blanks and unknown members', () => {
    const a = readCapabilities(EVERYTHING);
    expect(a.bits).toBe(127);
    expect(capabilitiesText(a)).toBe(
      '{"elicitation":{"form":{},"url":{}},"roots":{"listChanged":true},"sampling":{"context":{},"tools":{}}}',
    );
    const b = readCapabilities(
      '{ "elicitation":{"form":{"x":1},"url":{}}, "experimental":{"n":1},"roots":{"listChanged":true,"z":0},"tasks":{},' +
        '"sampling":{"context":{},"tools":{"y":2}} }',
    );
    expect(capabilitiesText(b)).toBe(capabilitiesText(a));
  });

  it.each(['{}', '{"listChanged":false}', '{"listChanged":"true"}'])(
    'take roots %s for those that change untold',
    (roots) => {
      expect(capabilitiesText(readCapabilities(`{"roots":${roots}}`))).toBe('{"roots":{}}');
    },
  );

  it('take an empty elicitation for forms, and `url` alone for nothing else', () => {
    expect(readCapabilities('{"elicitation":{}}').bits).toBe(CAPABILITY.elicitationForm);
    expect(readCapabilities('{"elicitation":{"url":{}}}').bits).toBe(CAPABILITY.elicitationUrl);
  });

  it.each([undefined, '', '[]', '7', 'null', '{', '{"sampling":true,"roots":[]}', '{"a":1,"a":2}'])(
    'take %p for nothing',
    (raw) => {
      expect(capabilitiesText(readCapabilities(raw))).toBe('{}');
    },
  );

  it('keep extensions as they were written, by name', () => {
    const set = readCapabilities('{"extensions":{"b/x":{"n": 1.0},"a/y":{},"c":true}}');
    expect(set.extensions).toEqual([
      ['a/y', '{}'],
      ['b/x', '{"n": 1.0}'],
    ]);
    expect(capabilitiesText(set)).toBe('{"extensions":{"a/y":{},"b/x":{"n": 1.0}}}');
  });

  it('drop the largest extensions first when they are too long', () => {
    const set = readCapabilities(
      `{"extensions":{"a":{},"big":{"x":"${'y'.repeat(500)}"},"mid":{"x":"${'y'.repeat(50)}"}}}`,
    );
    const fitted = fitExtensions(set, 100);
    expect(fitted.dropped).toEqual(['big']);
    expect(fitted.set.extensions.map(([name]) => name)).toEqual(['a', 'mid']);
    expect(fitExtensions(set, 1000).dropped).toEqual([]);
  });

  it('say what is missing for a request', () => {
    const plain = readCapabilities('{"sampling":{},"elicitation":{},"extensions":{"roots":{}}}');
    expect(missingCapability(plain, 'sampling/createMessage', '"maxTokens":5')).toBeNull();
    expect(missingCapability(plain, 'sampling/createMessage', '"tools":[]')).toBe('sampling.tools');
    expect(missingCapability(plain, 'elicitation/create', '"message":"x"')).toBeNull();
    expect(missingCapability(plain, 'elicitation/create', '"mode":"url"')).toBe('elicitation.url');
    expect(missingCapability(plain, 'roots/list', '')).toBe('roots');
    const urlOnly = readCapabilities('{"elicitation":{"url":{}}}');
    expect(missingCapability(urlOnly, 'elicitation/create', '')).toBe('elicitation.form');
    expect(missingCapability(readCapabilities('{}'), 'elicitation/create', '')).toBe('elicitation');
    const all = readCapabilities(EVERYTHING);
    expect(missingCapability(all, 'sampling/createMessage', '"tools":[]')).toBeNull();
    expect(missingCapability(all, 'elicitation/create', '"mode":"url"')).toBeNull();
    expect(missingCapability(all, 'roots/list', '')).toBeNull();
  });
});
