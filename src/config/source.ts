import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import type { Setting } from './setting.js';
import { ValueFault } from './setting.js';

type Values = Readonly<Record<string, string | undefined>>;

/** A value, and the name to blame for it. */
export interface Found {
  readonly name: string;
  readonly value: string;
}

/** Where values come from, first wins: environment, `NAME_FILE`, `.env` of the working directory. */
export class Source {
  private readonly dotenv: Values;

  constructor(
    private readonly env: Values,
    private readonly cwd: string,
  ) {
    const path = join(cwd, '.env');
    this.dotenv = existsSync(path) ? parseEnv(readFileSync(path, 'utf8')) : {};
  }

  /** @throws ValueFault when the file of a secret cannot be read */
  find(setting: Setting<unknown>): Found | undefined {
    const names = [setting.env, ...setting.aliases];
    return (
      this.findIn(this.env, names, setting.secret) ??
      this.findIn(this.dotenv, names, setting.secret)
    );
  }

  private findIn(values: Values, names: readonly string[], isSecret: boolean): Found | undefined {
    for (const name of names) {
      const value = isSecret ? values[name] : values[name]?.trim();
      if (value !== undefined && value !== '') return { name, value };
      const path = isSecret ? values[`${name}_FILE`] : undefined;
      if (path !== undefined && path !== '') {
        return { name: `${name}_FILE`, value: this.readSecret(name, path) };
      }
    }
    return undefined;
  }

  private readSecret(name: string, path: string): string {
    let value: string;
    try {
      value = readFileSync(resolve(this.cwd, path), 'utf8').replace(/\r?\n$/, '');
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable';
      throw new ValueFault(
        `is not set and the file that ${name}_FILE names cannot be read (${reason})`,
      );
    }
    if (value === '')
      throw new ValueFault(`is not set and the file that ${name}_FILE names is empty`);
    return value;
  }
}
