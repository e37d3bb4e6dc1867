export const HELP = `Usage: mcpgateway wrapper --url URL [options]     (= mcpgateway-wrapper)

For clients that start MCP servers as programs: JSON-RPC lines on stdin and stdout,
the gateway's Streamable HTTP endpoint behind. Revisions 2024-11-05 to 2026-07-28.

Options:
  --url <url>           …/servers/ID, …/mcp, …/sse or the bare base   (MCP_SERVER_URL)
  --auth <value>        whole Authorization value: 'Bearer …'         (MCP_AUTH)
  --token-env <name>    variable that holds the bare token            (MCPGATEWAY_TOKEN)
  --token-file <file>   file that holds the bare token
  --header <'K: V'>     further header; repeatable
  --timeout <seconds>   silence allowed per request; 0 = for ever; 60 (MCP_TOOL_CALL_TIMEOUT)
  --concurrency <n>     requests at the same time; 10                 (CONCURRENCY)
  --log-level <level>   DEBUG INFO WARNING ERROR CRITICAL OFF         (MCP_WRAPPER_LOG_LEVEL)
  --log-file <file>     log there, not on stderr
  --era <era>           auto; legacy or modern: take only that one
  -h, --help            this text
  --version             the version

Exit codes: 0 stdin ended, 1 wrong flag, 2 no URL, 3 the first request was refused,
4 the gateway could not be reached.

In the client's configuration:
  {"mcpServers":{"gateway":{
    "command":"npx","args":["-y","mcpgateway","wrapper","--url","http://127.0.0.1:4444/servers/ID"],
    "env":{"MCPGATEWAY_TOKEN":"<token>"}}}}

  VS Code (.vscode/mcp.json): "servers" instead of "mcpServers", with "type":"stdio"
  Zed (settings.json): "context_servers" instead of "mcpServers"
  claude mcp add -e MCPGATEWAY_TOKEN="$MCPGATEWAY_TOKEN" gateway -- npx -y mcpgateway wrapper --url URL
`;
