# modern era
curl -sS https://gw.example.com/servers/dev/mcp -H "Authorization: Bearer $MCPGATEWAY_TOKEN" -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' \
  -H 'MCP-Protocol-Version: 2026-07-28' -H 'Mcp-Method: tools/list' \
  -d '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}'
# legacy era: first initialize, then send Mcp-Session-Id from the answer
curl -isS https://gw.example.com/servers/dev/mcp -H "Authorization: Bearer $MCPGATEWAY_TOKEN" -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' \
  -d '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"curl","version":"1"}}}'
