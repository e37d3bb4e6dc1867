import type { FieldFault } from '../kernel/errors.js';
import { validationFailed } from './body/read-fields.js';
import { toCamelCase, toSnakeCase } from './casing.js';

const TRUE: readonly string[] = ['true', '1', 'yes', 'on'];
const FALSE: readonly string[] = ['false', '0', 'no', 'off'];

/**
 * Reads query parameters (API.md §1.1, §1.3): either spelling of a name, lists repeated or
 * comma-separated. Faults are collected; `check` throws them together.
 */
export class Query {
  private readonly faults: FieldFault[] = [];

  /** @param values as Express's simple parser gives them: strings and arrays of strings, no prototype */
  constructor(private readonly values: Readonly<Record<string, unknown>>) {}

  text(name: string): string | undefined {
    const all = this.all(name);
    return all[all.length - 1];
  }

  list(name: string): string[] {
    return this.all(name)
      .flatMap((text) => text.split(','))
      .map((text) => text.trim())
      .filter((text) => text !== '');
  }

  flag(name: string): boolean | undefined {
    const text = this.text(name)?.toLowerCase();
    if (text === undefined || text === '') return undefined;
    if (TRUE.includes(text)) return true;
    if (!FALSE.includes(text))
      this.fault(name, `Input should be one of: ${[...TRUE, ...FALSE].join(', ')}`, 'bool_parsing');
    return false;
  }

  whole(name: string, min: number, max: number): number | undefined {
    const text = this.text(name);
    if (text === undefined || text === '') return undefined;
    const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    this.fault(name, `Input should be a whole number from ${min} to ${max}`, 'int_parsing');
    return undefined;
  }

  fault(name: string, detail: string, type: string): void {
    this.faults.push({ pointer: `/${name}`, detail, type });
  }

  /** @throws GatewayError `validation_failed` */
  check(): void {
    if (this.faults.length > 0) throw validationFailed(this.faults);
  }

  private all(name: string): string[] {
    return [...new Set([toSnakeCase(name), toCamelCase(name)])].flatMap((spelling) => {
      const value = this.values[spelling];
      if (typeof value === 'string') return [value];
      return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
    });
  }
}
