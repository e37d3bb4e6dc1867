import { type FieldFault, GatewayError } from '../kernel/errors.js';

/** Collects what is wrong with a body, so that it is all said at once. */
export class Faults {
  private readonly found: FieldFault[] = [];

  add(pointer: string, detail: string): void {
    this.found.push({ pointer, detail });
  }

  /** Adds the fault unless the condition holds. */
  check(holds: boolean, pointer: string, detail: string): void {
    if (!holds) this.add(pointer, detail);
  }

  /** @throws GatewayError `validation_failed` with all of them */
  throwIfAny(): void {
    const first = this.found[0];
    if (!first) return;
    const more = this.found.length > 1 ? ` (and ${String(this.found.length - 1)} more)` : '';
    throw new GatewayError(
      'validation_failed',
      { summary: `${first.pointer.slice(1)}: ${first.detail}${more}` },
      { errors: this.found },
    );
  }
}

/** @throws GatewayError `precondition_failed` when the record has another version than `ifVersion` */
export function requireVersion(record: { readonly version: number }, ifVersion?: number): void {
  if (ifVersion === undefined || ifVersion === record.version) return;
  const current = record.version;
  throw new GatewayError(
    'precondition_failed',
    { current, given: ifVersion },
    { data: { current: { version: current, etag: `"v${String(current)}"` } } },
  );
}
