// @ts-check
/**
 * The dangerous doors of the house, each with its one home (docs/architecture.md "Doors").
 * ESLint replaces a rule's options per file pattern instead of merging them, so each home gets the
 * whole list without its own door.
 */

/** @typedef {{ name: string, importNames?: string[], message: string, allowTypeImports?: boolean }} Ban */

const HTTP = 'outgoing connections only through platform/http (egress policy, limits, pools)';
const PROCESS = 'child processes only through platform/process (process groups, caps)';
const DATABASE = 'databases only in store/ and migrations/: ask a service';
const EXPRESS = 'Express only at the edges (transport, api, ops)';
const WEBSOCKET = 'WebSockets only in transport/ws and upstreams/mcp/ws.connection';
const CODE = 'no code from text';

/** @type {Record<string, Ban[]>} */
const IMPORTS = {
  http: [
    { name: 'undici', message: HTTP, allowTypeImports: true },
    ...['node:http', 'node:https', 'http', 'https'].map((name) => ({
      name,
      importNames: ['request', 'get', 'Agent', 'ClientRequest', 'default'],
      message: HTTP,
      allowTypeImports: true,
    })),
    ...['node:net', 'node:tls', 'net', 'tls'].map((name) => ({
      name,
      importNames: ['connect', 'createConnection', 'Socket', 'TLSSocket', 'default'],
      message: HTTP,
      allowTypeImports: true,
    })),
    { name: 'node:http2', message: HTTP, allowTypeImports: true },
    { name: 'http2', message: HTTP, allowTypeImports: true },
  ],
  process: ['node:child_process', 'child_process', 'node:cluster', 'cluster'].map((name) => ({
    name,
    message: PROCESS,
    allowTypeImports: true,
  })),
  database: ['typeorm', 'better-sqlite3', 'pg', 'mysql2', 'mongodb'].map((name) => ({
    name,
    message: DATABASE,
  })),
  express: ['express', '@nestjs/platform-express'].map((name) => ({
    name,
    message: EXPRESS,
    allowTypeImports: true,
  })),
  ws: [{ name: 'ws', message: WEBSOCKET, allowTypeImports: true }],
  code: ['node:vm', 'vm'].map((name) => ({ name, message: CODE })),
};

const ENV = {
  selector: "MemberExpression[object.name='process'][property.name='env']",
  message: 'process.env only in config/: add a line to config.schema.ts and inject Config',
};
const PATTERN = {
  selector:
    ":matches(NewExpression, CallExpression)[callee.name='RegExp']:not([arguments.0.type='Literal'])",
  message: 'patterns that are not literals can hang the process: match by hand, or with re2js',
};

const PARAMS = [
  {
    selector:
      ":function[params.length>4]:not(MethodDefinition[kind='constructor'] > FunctionExpression)",
    message: 'at most 4 parameters: pass an object',
  },
  {
    selector: "MethodDefinition[kind='constructor'] > FunctionExpression[params.length>6]",
    message: 'at most 6 constructor dependencies: the class does too much',
  },
];

/** Rules with every door shut but `open`. @param {string[]} open */
function shut(...open) {
  const paths = Object.entries(IMPORTS).flatMap(([door, bans]) =>
    open.includes(door) ? [] : bans,
  );
  const patterns = open.includes('database')
    ? []
    : [{ regex: '^(typeorm|better-sqlite3|pg|mysql2|mongodb)/', message: DATABASE }];
  const fetchBan = [{ name: 'fetch', message: HTTP }];
  return {
    '@typescript-eslint/no-restricted-imports': ['error', { paths, patterns }],
    'no-restricted-syntax': ['error', ...PARAMS, PATTERN, ...(open.includes('env') ? [] : [ENV])],
    'no-restricted-globals': open.includes('http') ? 'off' : ['error', ...fetchBan],
  };
}

/** Flat-config blocks: first everything shut, then each home with its own door open. */
export const doors = [
  { files: ['src/**/*.ts', 'migrations/**/*.ts'], rules: shut() },
  { files: ['src/config/**/*.ts'], rules: shut('env') },
  { files: ['src/platform/http/**/*.ts'], rules: shut('http') },
  { files: ['src/platform/process/**/*.ts'], rules: shut('process') },
  { files: ['src/store/**/*.ts', 'migrations/**/*.ts'], rules: shut('database') },
  { files: ['src/{transport,api,ops}/**/*.ts'], rules: shut('express') },
  { files: ['src/transport/ws/*.ts'], rules: shut('express', 'ws') },
  { files: ['src/upstreams/mcp/ws.connection.ts'], rules: shut('ws') },
  { files: ['src/*.ts'], rules: shut('express', 'env') },
  { files: ['src/cli/**/*.ts'], rules: shut('http', 'env') },
  {
    files: ['**/*.spec.ts', 'test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': 'off',
      'no-restricted-syntax': 'off',
      'no-restricted-globals': 'off',
    },
  },
];
