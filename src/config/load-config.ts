import { resolve } from 'node:path';
import { ConfigError } from './config-error.js';
import type { ConfigFault } from './config-error.js';
import { SETTINGS } from './config.schema.js';
import type { Config } from './config.js';
import { judgeSafety } from './safety.js';
import { ValueFault } from './setting.js';
import type { Setting } from './setting.js';
import { Source } from './source.js';
import type { Found } from './source.js';

export interface LoadOptions {
  /** Folder of `.env` and of relative paths; the working directory unless given. */
  readonly cwd?: string;
  /** Command line flags by property name (`{ port: '0' }`); they win over everything. */
  readonly flags?: Readonly<Record<string, string>>;
}

/**
 * Reads and checks all settings: flags, then environment, then `NAME_FILE`, then `.env`, then
 * defaults. Empty counts as unset. The result is frozen.
 * @throws ConfigError with every fault, not just the first
 */
export function loadConfig(env: NodeJS.ProcessEnv, options: LoadOptions = {}): Config {
  const cwd = options.cwd ?? process.cwd();
  const reader = new Reader(new Source(env, cwd), options.flags ?? {});
  const values: Record<string, unknown> = { basicAuthPasswordHash: '' };
  for (const [key, setting] of Object.entries<Setting<unknown>>(SETTINGS)) {
    values[key] = reader.read(key, setting);
  }
  // Typed by construction: the keys and parsers of SETTINGS are those of ConfigValues.
  const config = values as unknown as { -readonly [K in keyof Config]: Config[K] };
  config.secretsFile = resolve(cwd, config.secretsFile);
  const known = new Set(reader.faults.map((fault) => fault.name));
  const unsafe = judgeSafety(config, env).refused.filter((fault) => !known.has(fault.name));
  const faults = [...reader.faults, ...unsafe];
  if (faults.length > 0) throw new ConfigError(faults);
  return Object.freeze(config);
}

class Reader {
  readonly faults: ConfigFault[] = [];
  private readonly inProduction: boolean;

  constructor(
    private readonly source: Source,
    private readonly flags: Readonly<Record<string, string>>,
  ) {
    this.inProduction = this.parse('environment', SETTINGS.environment) === 'production';
    // It will be read again with all the others.
    this.faults.length = 0;
  }

  read(key: string, setting: Setting<unknown>): unknown {
    const parsed = this.parse(key, setting);
    if (parsed !== undefined) return parsed;
    return this.inProduction && setting.production !== undefined
      ? setting.production
      : setting.default;
  }

  /** `undefined` = not set, or not usable (then there is a fault). */
  private parse(key: string, setting: Setting<unknown>): unknown {
    let found: Found | undefined;
    try {
      found = this.find(key, setting);
      return found === undefined ? undefined : setting.parse(found.value);
    } catch (error) {
      if (!(error instanceof ValueFault)) throw error;
      const fallback = setting.shown === '' ? '' : ` for the default ${setting.shown}`;
      const fix = `correct it, or leave it out${fallback}`;
      this.faults.push({ name: found?.name ?? setting.env, problem: error.message, fix });
      return undefined;
    }
  }

  private find(key: string, setting: Setting<unknown>): Found | undefined {
    const flag = this.flags[key];
    return flag === undefined ? this.source.find(setting) : { name: `--${key}`, value: flag };
  }
}
