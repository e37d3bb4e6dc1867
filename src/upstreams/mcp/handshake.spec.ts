import { LEGACY_REVISIONS } from '../../kernel/mcp.js';
import { initializeParams, readGreeting } from './handshake.js';

describe('initializeParams', () => {
  it('offers the latest legacy revision and passes both objects on as text', () => {
    const params = initializeParams('{"sampling":{}}', '{"name":"c","version":"1"}');
    expect(JSON.parse(`{${params}}`)).toEqual({
      protocolVersion: '2025-11-25',
      capabilities: { sampling: {} },
      clientInfo: { name: 'c', version: '1' },
    });
  });
});

describe('readGreeting', () => {
  it.each(LEGACY_REVISIONS)('accepts %s', (revision) => {
    const greeting = readGreeting(`{"protocolVersion":"${revision}","capabilities":{}}`);
    expect(greeting).toEqual({
      era: 'legacy',
      protocolVersion: revision,
      capabilities: '{}',
      serverInfo: null,
      instructions: null,
    });
  });

  it('keeps capabilities and serverInfo as they were written', () => {
    const greeting = readGreeting(
      '{"serverInfo":{"version":1.0,"name":"s"},"capabilities":{"tools":{ "listChanged":true}},' +
        '"protocolVersion":"2025-03-26","instructions":"say \\"hi\\""}',
    );
    expect(greeting.serverInfo).toBe('{"version":1.0,"name":"s"}');
    expect(greeting.capabilities).toBe('{"tools":{ "listChanged":true}}');
    expect(greeting.instructions).toBe('say "hi"');
  });

  it('takes members of the wrong type as absent', () => {
    const text =
      '{"protocolVersion":"2024-11-05","capabilities":[],"serverInfo":"x","instructions":1}';
    expect(readGreeting(text)).toMatchObject({
      capabilities: '{}',
      serverInfo: null,
      instructions: null,
    });
  });

  it('names a revision it does not speak, shortened and in one line', () => {
    expect(() => readGreeting('{"protocolVersion":"1999-01-01"}')).toThrow(/'1999-01-01'/);
    const long = `{"protocolVersion":"\\n${'x'.repeat(500)}"}`;
    expect(() => readGreeting(long)).toThrow(/'\?x{39}'/);
  });

  it.each(['{}', '[]', 'null', '{"protocolVersion":7}', '{"protocolVersion"'])(
    'refuses %s',
    (text) => {
      expect(() => readGreeting(text)).toThrow(expect.objectContaining({ code: 'upstream_error' }));
    },
  );
});
