// @ts-check
import { BESIDE, FLOORS, KERNEL_BUILTINS, NAMED_BY_MODULES, mayImport } from './floors.mjs';

/** Specs start real things of any floor; only what ships has floors. */
const SPEC = '\\.spec\\.ts$';
const anyOf = (/** @type {readonly string[]} */ names) => `(${names.join('|')})`;

const BEHIND_WALLS = `^src/${anyOf(NAMED_BY_MODULES)}\\.ts$`;

const floorRules = FLOORS.flatMap((floor, level) =>
  floor.map((room) => ({
    name: `floor-${String(level)}-${room.folder}`,
    severity: 'error',
    comment: `src/${room.folder} may import: ${mayImport(room, level).join(', ')}`,
    from: { path: `^src/${room.folder}/`, pathNot: SPEC },
    to: {
      path: '^src/',
      pathNot: [
        `^src/${anyOf(mayImport(room, level))}/`,
        ...(room.never === undefined ? [] : [BEHIND_WALLS]),
      ],
    },
  })),
);

const walls = FLOORS.flat()
  .filter((room) => room.never !== undefined)
  .map((room) => ({
    name: `wall-${room.folder}`,
    severity: 'error',
    comment: `only *.module.ts of src/${room.folder} may name the module of ${String(room.never)}`,
    from: { path: `^src/${room.folder}/`, pathNot: ['\\.module\\.ts$', SPEC] },
    to: { path: `^src/${anyOf(room.never ?? [])}/` },
  }));

const beside = BESIDE.map((room) => ({
  name: `beside-${room.folder}`,
  severity: 'error',
  comment: `src/${room.folder} imports ${room.mayImport.join(', ')} only; src/${room.lazy} by import()`,
  from: { path: `^src/${room.folder}/`, pathNot: [`^src/${room.lazy}/`, SPEC] },
  to: {
    path: ['^src/(?!' + room.folder + '/)', `^src/${room.lazy}/`],
    pathNot: `^src/${anyOf(room.mayImport)}/`,
    dynamic: false,
    dependencyTypesNot: ['type-only'],
  },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...floorRules,
    ...walls,
    ...beside,
    {
      name: 'kernel-imports-nothing',
      severity: 'error',
      comment: 'the kernel has no framework, no package, no I/O; types of Node vanish in the build',
      from: { path: '^src/kernel/', pathNot: SPEC },
      to: {
        pathNot: ['^src/kernel/', `^(node:)?${anyOf(KERNEL_BUILTINS)}$`],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'nobody-imports-composition',
      severity: 'error',
      comment: 'the files of src/ itself know every floor; no floor knows them',
      from: { path: '^src/[^/]+/', pathNot: ['^src/cli/', SPEC] },
      to: { path: '^src/[^/]+\\.ts$' },
    },
    {
      name: 'product-never-imports-tests',
      severity: 'error',
      from: { path: '^(src|migrations)/', pathNot: SPEC },
      to: { path: ['^test/', SPEC] },
    },
    {
      name: 'no-circular',
      severity: 'error',
      comment: 'circles of types vanish in the build; others make the order of imports matter',
      from: { path: '^src/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-dev-dependency-in-product',
      severity: 'error',
      from: { path: '^src/', pathNot: SPEC },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: '@types/' },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: { path: '^src/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { conditionNames: ['require', 'node', 'types', 'default'] },
  },
};
