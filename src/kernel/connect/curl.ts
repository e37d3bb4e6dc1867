import { TOKEN_VARIABLE } from './clients.js';

const CLAIM =
  '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}';
const INITIALIZE =
  '"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"curl","version":"1"}';

/** A first request of either era. The address goes into a shell: whatever is special there is quoted. */
export function curlText(url: string): string {
  const at = /^[\w.:/%[\]-]+$/.test(url) ? url : `'${url.replaceAll("'", "'\\''")}'`;
  const headers = [
    `-H "Authorization: Bearer $${TOKEN_VARIABLE}"`,
    "-H 'Content-Type: application/json'",
    "-H 'Accept: application/json, text/event-stream'",
  ].join(' ');
  return `# modern era
curl -sS ${at} ${headers} \\
  -H 'MCP-Protocol-Version: 2026-07-28' -H 'Mcp-Method: tools/list' \\
  -d '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{${CLAIM}}}'
# legacy era: first initialize, then send Mcp-Session-Id from the answer
curl -isS ${at} ${headers} \\
  -d '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{${INITIALIZE}}}'
`;
}
