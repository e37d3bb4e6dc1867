import type { JsonObject } from '../catalog.js';

/** The variable that every snippet takes the token from, or the placeholder of it stands for. */
export const TOKEN_VARIABLE = 'MCPGATEWAY_TOKEN';

/** How a program that is a client of MCP servers is told about one (OPERATIONS.md §2.2). */
export interface ClientFacts {
  readonly label: string;
  readonly format: 'json' | 'toml' | 'yaml' | 'shell';
  /** The project's own file where there is one, else the user's; `null` = no file. */
  readonly file: string | null;
  /** Member of the file that holds the servers by name. */
  readonly topKey: string;
  /** Members of the file before `topKey`. */
  readonly before?: JsonObject;
  /** The entry of one server; `{url}` and `{key}` stand for its address and name. */
  readonly entry: JsonObject;
}

const bearer = (token: string): JsonObject => ({ Authorization: `Bearer ${token}` });

/** What programs without references have in the place of the token: never a live one. */
const PLACEHOLDER = '<token>';
const servers = { format: 'json', topKey: 'mcpServers' } as const;

/** All that is known of clients, last checked 2026-11: a change of a vendor is a change of one line. */
const CLIENTS = {
  'claude-code': {
    ...servers,
    label: 'Claude Code',
    file: '.mcp.json',
    entry: { type: 'http', url: '{url}', headers: bearer('${MCPGATEWAY_TOKEN}') },
  },
  // Its file knows no HTTP servers: the wrapper stands in between.
  'claude-desktop': {
    ...servers,
    label: 'Claude Desktop',
    file: 'claude_desktop_config.json',
    entry: {
      command: 'npx',
      args: ['-y', 'mcpgateway', 'wrapper', '--url', '{url}'],
      env: { MCPGATEWAY_TOKEN: '<paste token>' },
    },
  },
  cline: {
    ...servers,
    label: 'Cline',
    file: 'cline_mcp_settings.json',
    // Any other spelling of the type is taken for HTTP+SSE.
    entry: {
      type: 'streamableHttp',
      url: '{url}',
      headers: bearer(PLACEHOLDER),
      disabled: false,
      autoApprove: [],
    },
  },
  codex: {
    label: 'Codex',
    format: 'toml',
    file: '.codex/config.toml',
    topKey: 'mcp_servers',
    entry: { url: '{url}', bearer_token_env_var: TOKEN_VARIABLE },
  },
  'copilot-cli': {
    ...servers,
    label: 'Copilot CLI',
    file: '~/.copilot/mcp-config.json',
    entry: { type: 'http', url: '{url}', headers: bearer(PLACEHOLDER), tools: ['*'] },
  },
  cursor: {
    ...servers,
    label: 'Cursor',
    file: '.cursor/mcp.json',
    entry: { url: '{url}', headers: bearer('${env:MCPGATEWAY_TOKEN}') },
  },
  devin: {
    ...servers,
    label: 'Devin Desktop',
    file: '.devin/mcp_config.json',
    entry: { url: '{url}', headers: bearer('${env:MCPGATEWAY_TOKEN}') },
  },
  gemini: {
    ...servers,
    label: 'Gemini CLI',
    file: '.gemini/settings.json',
    // `url` would mean HTTP+SSE.
    entry: { httpUrl: '{url}', headers: bearer('$MCPGATEWAY_TOKEN'), timeout: 30_000 },
  },
  goose: {
    label: 'Goose',
    format: 'yaml',
    file: '~/.config/goose/config.yaml',
    topKey: 'extensions',
    entry: {
      enabled: true,
      name: '{key}',
      type: 'streamable_http',
      uri: '{url}',
      headers: bearer('${MCPGATEWAY_TOKEN}'),
      env_keys: [TOKEN_VARIABLE],
      timeout: 300,
    },
  },
  inspector: {
    ...servers,
    label: 'MCP Inspector',
    file: '~/.mcp-inspector/mcp.json',
    entry: { type: 'http', url: '{url}', headers: bearer(PLACEHOLDER), protocolEra: 'modern' },
  },
  kiro: {
    ...servers,
    label: 'Kiro',
    file: '.kiro/settings/mcp.json',
    entry: {
      url: '{url}',
      headers: bearer('${MCPGATEWAY_TOKEN}'),
      disabled: false,
      autoApprove: [],
    },
  },
  lmstudio: {
    ...servers,
    label: 'LM Studio',
    file: '~/.lmstudio/mcp.json',
    entry: { url: '{url}', headers: bearer(PLACEHOLDER) },
  },
  opencode: {
    label: 'opencode',
    format: 'json',
    file: 'opencode.json',
    before: { $schema: 'https://opencode.ai/config.json' },
    topKey: 'mcp',
    entry: {
      type: 'remote',
      url: '{url}',
      enabled: true,
      oauth: false,
      headers: bearer('{env:MCPGATEWAY_TOKEN}'),
    },
  },
  roo: {
    ...servers,
    label: 'Roo Code',
    file: '.roo/mcp.json',
    entry: {
      type: 'streamable-http',
      url: '{url}',
      headers: bearer(PLACEHOLDER),
      disabled: false,
      autoApprove: [],
    },
  },
  vscode: {
    label: 'VS Code',
    format: 'json',
    file: '.vscode/mcp.json',
    before: {
      inputs: [
        {
          type: 'promptString',
          id: 'mcpgateway_token',
          description: 'MCP Gateway token',
          password: true,
        },
      ],
    },
    topKey: 'servers',
    entry: { type: 'http', url: '{url}', headers: bearer('${input:mcpgateway_token}') },
  },
  windsurf: {
    ...servers,
    label: 'Windsurf',
    file: '~/.codeium/windsurf/mcp_config.json',
    entry: { serverUrl: '{url}', headers: bearer('${env:MCPGATEWAY_TOKEN}') },
  },
  zed: {
    label: 'Zed',
    format: 'json',
    file: '.zed/settings.json',
    topKey: 'context_servers',
    entry: { url: '{url}', headers: bearer(PLACEHOLDER) },
  },
  curl: { label: 'curl', format: 'shell', file: null, topKey: '', entry: {} },
} as const satisfies Readonly<Record<string, ClientFacts>>;

export type ClientId = keyof typeof CLIENTS;

export const CLIENT_IDS = Object.keys(CLIENTS) as readonly ClientId[];

export const isClientId = (text: string): text is ClientId => Object.hasOwn(CLIENTS, text);

export const clientFacts = (id: ClientId): ClientFacts => CLIENTS[id];
