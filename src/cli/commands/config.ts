import { ConfigError, type ConfigFault } from '../../config/config-error.js';
import { SECTIONS, SETTINGS } from '../../config/config.schema.js';
import { loadConfig } from '../../config/load-config.js';
import { judgeSafety } from '../../config/safety.js';
import type { Setting } from '../../config/setting.js';
import { Source } from '../../config/source.js';
import { EXIT } from '../exit-code.js';
import type { Io } from '../io.js';

interface Options {
  readonly json?: boolean;
}

const MASK = '*****';

/** Lists all faults and warnings at once. @returns exit code */
export function checkConfig(options: Options, io: Io): number {
  const faults: ConfigFault[] = [];
  const warnings: ConfigFault[] = [];
  try {
    const config = loadConfig(io.env, { cwd: io.cwd });
    warnings.push(...judgeSafety(config, io.env).warnings);
  } catch (e) {
    if (!(e instanceof ConfigError)) throw e;
    faults.push(...e.faults);
  }
  if (options.json === true) {
    io.out(`${JSON.stringify({ valid: faults.length === 0, faults, warnings }, null, 2)}\n`);
  } else {
    for (const fault of warnings) io.err(`warning: ${sentence(fault)}\n`);
    for (const fault of faults) io.err(`error: ${sentence(fault)}\n`);
    if (faults.length === 0) io.out('Configuration is valid.\n');
  }
  return faults.length === 0 ? EXIT.done : EXIT.configuration;
}

const sentence = (f: ConfigFault): string => `${f.name} ${f.problem}. Fix: ${f.fix}.`;

/** Prints every setting as it would be written in the environment, and where it comes from. */
export function printConfig(options: Options, io: Io): void {
  const everywhere = new Source(io.env, io.cwd);
  const dotenv = new Source({}, io.cwd);
  const inProduction = everywhere.find(SETTINGS.environment)?.value === 'production';
  const lines = SECTIONS.flatMap(([, settings]) => Object.values(settings)).map((setting) => {
    const found = everywhere.find(setting);
    const fromFile = dotenv.find(setting);
    const source = sourceOf(found?.name, found?.value === fromFile?.value);
    return { name: setting.env, value: shown(setting, found?.value, inProduction), source };
  });
  if (options.json === true) io.out(`${JSON.stringify(lines, null, 2)}\n`);
  else for (const { name, value, source } of lines) io.out(`${name}=${value}  # ${source}\n`);
}

function shown(
  setting: Setting<unknown>,
  value: string | undefined,
  inProduction: boolean,
): string {
  if (value === undefined) {
    const hasOwn = inProduction && setting.production !== undefined;
    return hasOwn ? JSON.stringify(setting.production) : setting.shown;
  }
  return setting.secret ? MASK : value;
}

function sourceOf(name: string | undefined, isInDotenv: boolean): string {
  if (name === undefined) return 'default';
  return `${isInDotenv ? '.env' : 'environment'}: ${name}`;
}
