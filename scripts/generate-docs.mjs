// @ts-check
/**
 * Writes what is generated from the table of settings: .env.example and docs/configuration.md.
 * Usage: node scripts/generate-docs.mjs [--check]; needs no build. --check writes nothing and fails
 * when a file is stale.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import ts from 'typescript';

const require = createRequire(import.meta.url);

/** Lets `require` read the TypeScript of src/ as it is: types are only taken away. */
function readTypeScript() {
  const internals = /** @type {any} */ (Module);
  const resolve = internals._resolveFilename;
  internals._resolveFilename = (/** @type {string} */ name, /** @type {any[]} */ ...rest) => {
    const isOurs = name.startsWith('.') && name.endsWith('.js');
    const source = isOurs ? name.replace(/\.js$/, '.ts') : name;
    try {
      return resolve(source, ...rest);
    } catch (error) {
      if (!isOurs) throw error;
      return resolve(name, ...rest);
    }
  };
  internals._extensions['.ts'] = (/** @type {any} */ module, /** @type {string} */ path) => {
    const { outputText } = ts.transpileModule(readFileSync(path, 'utf8'), {
      compilerOptions: {
        module: ts.ModuleKind.CommonJS,
        target: ts.ScriptTarget.ES2022,
        esModuleInterop: true,
      },
    });
    module._compile(outputText, path);
  };
}

readTypeScript();
const pages = require('../src/config/documentation.ts');
const isCheck = process.argv.includes('--check');
const targets = [
  ['.env.example', pages.renderEnvExample()],
  ['docs/configuration.md', pages.renderConfigurationPage()],
];
for (const [path, text] of targets) {
  const current = existsSync(path) ? readFileSync(path, 'utf8') : '';
  if (current === text) continue;
  if (isCheck) {
    process.stderr.write(`${path} is stale: run npm run docs\n`);
    process.exitCode = 1;
  } else {
    writeFileSync(path, text);
    process.stdout.write(`wrote ${path}\n`);
  }
}
