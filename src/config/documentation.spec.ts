import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { SETTINGS } from './config.schema.js';
import { renderConfigurationPage, renderEnvExample } from './documentation.js';
import type { Setting } from './setting.js';

const ROOT = join(__dirname, '../..');
const settings: Setting<unknown>[] = Object.values(SETTINGS);

it.each([
  ['docs/configuration.md', renderConfigurationPage()],
  ['.env.example', renderEnvExample()],
])('%s is what `npm run docs` writes', (path, text) => {
  expect(readFileSync(join(ROOT, path), 'utf8')).toBe(text);
});

it('shows defaults that mean the default', () => {
  const values = parseEnv(renderEnvExample().replace(/^#(?=[A-Z_]+=)/gm, ''));
  for (const { env, shown, parse, default: initial } of settings) {
    expect(values[env]).toBe(shown);
    if (shown !== '') expect(parse(shown)).toEqual(initial);
  }
});

it('names no variable twice', () => {
  const names = settings.flatMap(({ env, aliases }) => [env, ...aliases]);
  expect(new Set(names).size).toBe(names.length);
});
