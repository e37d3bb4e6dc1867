// @ts-check
/**
 * Makes package-lock.json the same on every machine: no download addresses, and entries for the
 * optional packages of other platforms, which npm leaves out when the registry in use does not serve
 * them (`npm ci` elsewhere then refuses the lock).
 * Usage: node scripts/fix-lock.mjs [--check]; a second run changes nothing.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const FILE = 'package-lock.json';
const SYSTEMS =
  'darwin win32 linux freebsd android openharmony openbsd netbsd sunos aix wasi'.split(' ');
const CHIPS = 'arm64 x64 ia32 arm loong64 ppc64 riscv64 s390x wasm32 mips64el'.split(' ');

/** @typedef {{ version?: string, resolved?: string, dev?: boolean, optionalDependencies?: Record<string, string> }} Entry */

/** The folder whose node_modules Node looks into next. @param {string} path */
const parent = (path) => path.slice(0, Math.max(0, path.lastIndexOf('/node_modules/')));

/**
 * Whether Node, walking up from `path`, would find `name`.
 * @param {Record<string, Entry>} entries @param {string} path @param {string} name
 */
function isLocked(entries, path, name) {
  for (let base = path; base !== ''; base = parent(base))
    if (entries[`${base}/node_modules/${name}`] !== undefined) return true;
  return entries[`node_modules/${name}`] !== undefined;
}

/** `@swc/core-linux-arm64-gnu` → linux, arm64. @param {string} name */
function platformOf(name) {
  const words = (name.split('/').pop() ?? '').split(/[-.]/);
  const chip = words.find((w) => CHIPS.includes(w) || /^(arm(v7|hf)?|armv\d\w*)$/.test(w));
  return {
    os: SYSTEMS.find((system) => words.includes(system)),
    cpu: chip === undefined ? undefined : CHIPS.includes(chip) ? chip : 'arm',
  };
}

/** @param {Record<string, Entry>} entries */
function addMissing(entries) {
  for (const [path, entry] of Object.entries(entries)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const { os, cpu } = platformOf(name);
      if (isLocked(entries, path, name) || os === undefined || !/^\d+\.\d+\.\d+/.test(version))
        continue;
      entries[`node_modules/${name}`] = {
        version,
        ...(cpu === undefined ? {} : { cpu: [cpu] }),
        ...(entry.dev ? { dev: true } : {}),
        optional: true,
        os: [os],
      };
    }
  }
}

/** @param {string} text */
function fixed(text) {
  const lock = JSON.parse(text);
  /** @type {Record<string, Entry>} */
  const entries = lock.packages;
  for (const entry of Object.values(entries)) delete entry.resolved;
  addMissing(entries);
  const sorted = Object.entries(entries).sort(([a], [b]) => a.localeCompare(b, 'en'));
  return `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`;
}

const before = readFileSync(FILE, 'utf8');
const after = fixed(before);
if (before !== after && process.argv.includes('--check')) {
  console.error(`${FILE} is not fit for other machines: run npm run lock:fix`);
  process.exitCode = 1;
} else if (before !== after) writeFileSync(FILE, after);
