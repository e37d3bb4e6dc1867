import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLIENT_IDS } from './clients.js';
import { clientKey, clientSnippet } from './snippet.js';

const GOLDEN = join(__dirname, '../../../test/golden/connect');
const ENDING = { json: 'json', toml: 'toml', yaml: 'yaml', shell: 'sh' } as const;

describe('configurations of clients', () => {
  const connection = { key: 'gw-dev', url: 'https://gw.example.com/servers/dev/mcp' };

  it.each(CLIENT_IDS)('%s gets its golden file', (client) => {
    const { format, content } = clientSnippet(client, connection);
    expect(content).toBe(readFileSync(join(GOLDEN, `${client}.${ENDING[format]}`), 'utf8'));
  });

  it('name the file, where there is one', () => {
    expect(clientSnippet('vscode', connection).file).toBe('.vscode/mcp.json');
    expect(clientSnippet('curl', connection).file).toBeNull();
  });

  it('cannot be broken out of by an address', () => {
    const url = `https://gw.example.com/$(id)'"`;
    expect(clientSnippet('curl', { key: 'k', url }).content).toContain(
      `curl -sS 'https://gw.example.com/$(id)'\\''"' -H`,
    );
    expect(clientSnippet('codex', { key: 'k', url }).content).toContain('$(id)\'\\""');
  });

  it.each([
    ['Dev Desk', 'dev-desk'],
    ['設計', 'server-1f0c2a3b'],
    [`${'a'.repeat(63)} b`, 'a'.repeat(63)],
  ])('call a Server named %s %s', (name, key) => {
    expect(clientKey(name, '1f0c2a3b-0000-4000-8000-000000000000')).toBe(key);
  });
});
