import { scanJson } from '../../kernel/json-scan.js';
import { CLAIM } from '../../kernel/mcp.js';
import { clientOf } from './claim.js';

describe('the client of a modern request', () => {
  it('keeps extensions that no sealed id would hold', () => {
    const extensions = { 'com.example/large': { text: 'x'.repeat(1000) }, 'com.example/b': {} };
    const meta = scanJson(JSON.stringify({ [CLAIM.clientCapabilities]: { extensions } })).top;
    expect(JSON.parse(clientOf(meta, '2026-07-28').capabilities)).toEqual({ extensions });
  });
});
