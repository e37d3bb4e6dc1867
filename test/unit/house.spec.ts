import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ERRORS } from '../../src/kernel/errors.js';
import { PERMISSIONS } from '../../src/kernel/caller.js';
import { SETTINGS } from '../../src/config/config.schema.js';
import { METHODS } from '../../src/protocol/methods/registry.js';
import { ROOT, read, trackedFiles } from './tracked-files.js';

/** Roles a file may have (docs/architecture.md "Names"). A file of pure functions has none. */
const ROLES =
  'module controller page endpoint guard interceptor filter decorator service repository entity driver ' +
  'connection methods events adapter registry pool snapshot schema import kv bus repo store channel';
const NAME = new RegExp(
  `^[a-z0-9]+(-[a-z0-9]+)*(\\.(${ROLES.split(' ').join('|')}))?(\\.spec|\\.d)?\\.ts$`,
);

const source = trackedFiles('src/**/*.ts', 'src/*.ts');
const product = source.filter((path) => !path.endsWith('.spec.ts'));

describe('floors', () => {
  it('hold: imports go down only, doors stay shut', () => {
    const cli = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
    const args = [cli, '--config', '.dependency-cruiser.mjs', '--output-type', 'err', 'src'];
    const { status, stdout } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
    expect(status === 0 ? '' : stdout).toBe('');
  }, 60_000);

  it('know every folder of the tree', () => {
    const table = read('floors.mjs');
    const folders = new Set(
      product.map((p) => p.split('/')).flatMap((p) => (p.length > 2 ? [p[1]] : [])),
    );
    for (const folder of folders) expect(table).toContain(`folder: '${String(folder)}'`);
  });
});

describe('files', () => {
  it('have at most 400 lines; tables, migrations and specs apart', () => {
    const long = product.filter((path) => read(path).split('\n').length > 401);
    expect(long).toEqual([]);
  });

  it('are named kebab-name.role.ts with a role of the closed list', () => {
    const misnamed = source.filter((path) => !NAME.test(path.split('/').pop() ?? ''));
    expect(misnamed).toEqual([]);
  });

  it('are not barrels', () => {
    const barrels = product.filter(
      (path) => path.endsWith('/index.ts') || /^export \* from/m.test(read(path)),
    );
    expect(barrels).toEqual([]);
  });

  it('do not live in drawers without a noun', () => {
    const drawers = source.filter((path) => /\/(common|shared|utils|helpers)\//.test(path));
    expect(drawers).toEqual([]);
  });

  it('name no machine and no registry', () => {
    const foreign = /\/(work|home|Users|root)\/[a-z]|registry\s*=\s*https?:|_authToken/i;
    const texts = trackedFiles().filter(
      (path) => !/^(test|docs)\/|\.spec\.ts$|^package-lock\.json$/.test(path),
    );
    expect(texts.filter((path) => foreign.test(read(path)))).toEqual([]);
    expect(read('package-lock.json')).not.toContain('"resolved"');
  });
});

describe('errors', () => {
  const codes = Object.keys(ERRORS);

  it('that are thrown have a row', () => {
    const thrown = product.flatMap((path) =>
      [...read(path).matchAll(/new GatewayError\(\s*'([a-z_]+)'/g)].map((m) => m[1] ?? ''),
    );
    expect(thrown.filter((code) => !codes.includes(code))).toEqual([]);
  });

  it('are all in docs/errors.md, with their numbers', () => {
    const page = read('docs/errors.md');
    for (const [code, row] of Object.entries(ERRORS)) {
      const line = page.split('\n').find((l) => l.includes(`\`${code}\``)) ?? '';
      const cells = line.split('|').map((cell) => cell.trim());
      expect([code, cells[2], cells[3]]).toEqual([code, String(row.status), String(row.rpc)]);
    }
  });

  it('have numbers outside the ranges that JSON-RPC and MCP keep for themselves', () => {
    const own = Object.values(ERRORS).filter((row) => row.rpc > 0);
    for (const row of own) {
      expect(row.rpc).toBeGreaterThanOrEqual(40_000);
      expect(row.rpc).toBeLessThan(60_000);
    }
  });
});

describe('MCP methods', () => {
  it('each carry a permission that exists, or say that any Caller may', () => {
    const known = new Set<string>([...PERMISSIONS, 'any']);
    const methods = Object.entries(METHODS);
    expect(methods.length).toBeGreaterThan(0);
    for (const [name, method] of methods)
      expect([name, known.has(method.permission)]).toEqual([name, true]);
  });
});

describe('commands', () => {
  it('of package.json have a source that starts with a shebang', () => {
    const { bin } = JSON.parse(read('package.json')) as { bin: Record<string, string> };
    for (const file of new Set(Object.values(bin))) {
      const path = file.replace(/^dist\//, 'src/').replace(/\.js$/, '.ts');
      expect(product).toContain(path);
      expect(read(path)).toMatch(/^#!\/usr\/bin\/env node\n/);
    }
  });
});

describe('settings', () => {
  it.each(['.env.example', 'docs/configuration.md'])('are all in %s', (page) => {
    const text = read(page);
    const missing = Object.values(SETTINGS).filter((setting) => !text.includes(setting.env));
    expect(missing.map((setting) => setting.env)).toEqual([]);
  });
});

describe('documents', () => {
  const pages = trackedFiles('*.md');

  it('give each decision a number of its own', () => {
    const numbers = trackedFiles('docs/adr/*.md').map((path) =>
      path.slice('docs/adr/'.length, -3).slice(0, 4),
    );
    expect(numbers).toEqual([...new Set(numbers)]);
    for (const path of trackedFiles('docs/adr/*.md'))
      expect(read(path)).toMatch(new RegExp(`^# ${path.slice('docs/adr/'.length).slice(0, 4)} `));
  });

  it('link only to files that exist', () => {
    const broken = pages.flatMap((path) =>
      [...read(path).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
        .map((m) => join(path, '..', m[1] ?? ''))
        .filter((target) => trackedFiles(target).length === 0)
        .map((target) => `${path} → ${target}`),
    );
    expect(broken).toEqual([]);
  });

  it('name only npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = [...pages, 'Makefile'].flatMap((path) =>
      [...read(path).matchAll(/npm run ([a-z][a-z0-9:-]*)/g)].map((m) => m[1] ?? ''),
    );
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});
