// @ts-check
/**
 * Who may import whom (docs/architecture.md). One table feeds the checker (.dependency-cruiser.mjs)
 * and the picture in docs/architecture.md (scripts/docs-architecture.mjs).
 *
 * Imports go down: a folder may import its own files, every folder of a lower floor, and what `also`
 * names on its own floor. Never up, never sideways.
 */

/**
 * @typedef {object} Room
 * @property {string} folder below src/
 * @property {string} is one line: what lives there
 * @property {readonly string[]} [also] doors to rooms of the same floor
 * @property {readonly string[]} [never] rooms below that stay shut, except for `*.module.ts` naming their module
 */

/** Lowest floor first. @type {readonly (readonly Room[])[]} */
export const FLOORS = [
  [{ folder: 'kernel', is: 'words and pure rules: no framework, no I/O, no clock' }],
  [
    { folder: 'config', is: 'environment in, checked values out' },
    {
      folder: 'platform',
      is: 'the doors to the outside: log, meters, HTTP, child processes, crypto',
      also: ['config'],
    },
  ],
  [{ folder: 'store', is: 'persistence: the only folder that knows a database' }],
  [
    { folder: 'auth', is: 'credentials to a Caller, permissions, guards' },
    { folder: 'limits', is: 'exact windows' },
    { folder: 'audit', is: 'the Trail, the call log, who changed what' },
    { folder: 'registry', is: 'the catalog: services that write, the Snapshot that is read' },
  ],
  [
    { folder: 'upstreams', is: 'calling out: connections, pool, deadlines, breaker' },
    { folder: 'federation', is: 'registration, sync and health of Gateways', also: ['upstreams'] },
  ],
  [{ folder: 'protocol', is: 'sessions, dispatch, MCP methods', never: ['store'] }],
  [
    {
      folder: 'transport',
      is: 'edge of the data plane: bytes and streams on node:http',
      never: ['store'],
    },
    {
      folder: 'api',
      is: 'edge of the control plane: REST controllers and views',
      never: ['store'],
    },
    { folder: 'ops', is: 'health, readiness, metrics, version', never: ['store'] },
  ],
];

/**
 * What stands beside the floors. Its static imports go to `mayImport` only; what lies in `lazy` is loaded
 * by `import()` when it is needed, and may import the house.
 */
export const BESIDE = [
  { folder: 'cli', is: 'the command; starts fast', mayImport: ['kernel'], lazy: 'cli/commands' },
];

/** Modules compose: those of `never` rooms may name these files behind the wall. */
export const NAMED_BY_MODULES = ['store/store.module', 'store/database'];

/** Built-in modules that the kernel may use: pure functions only. */
export const KERNEL_BUILTINS = ['crypto'];

/** Folders that `room` on floor `level` may import, itself included. @param {Room} room @param {number} level */
export function mayImport(room, level) {
  const below = FLOORS.slice(0, level).flatMap((floor) => floor.map((r) => r.folder));
  const shut = new Set(room.never ?? []);
  return [room.folder, ...(room.also ?? []), ...below.filter((folder) => !shut.has(folder))];
}
