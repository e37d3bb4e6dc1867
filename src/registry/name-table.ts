import type { Gateway } from '../kernel/catalog.js';
import { GatewayError } from '../kernel/errors.js';
import { isAvailable } from './catalog.snapshot.js';

interface Slot<E> {
  readonly entry: E;
  readonly isEnabled: boolean;
  readonly isUp: boolean;
}

interface NamedItem {
  readonly enabled: boolean;
  readonly name: string;
  readonly originalName: string;
  readonly customName: string | null;
}

/**
 * Names to entries, by table, never by splitting (SECURITY.md S62). Shown names first; an alias (original,
 * custom or exposed name) counts while exactly one item has it and no shown name equals it.
 */
export class NameTable<E> {
  private readonly slots = new Map<string, Slot<E>>();
  private readonly aliases = new Map<string, Slot<E> | null>();

  constructor(
    private readonly kind: string,
    private readonly fault: {
      notFound(name: string): GatewayError;
      disabled(name: string): GatewayError;
    },
  ) {}

  add(shownName: string, entry: E, item: NamedItem, gateway: Gateway): void {
    const isEnabled = item.enabled && gateway.enabled;
    const slot = { entry, isEnabled, isUp: isAvailable(gateway) };
    this.slots.set(shownName, slot);
    if (!isEnabled) return;
    for (const alias of new Set([item.name, item.originalName, item.customName])) {
      if (alias === null || alias === shownName) continue;
      this.aliases.set(alias, this.aliases.has(alias) ? null : slot);
    }
  }

  /** Ends the building: aliases that nothing contests become names like the others. */
  seal(): this {
    for (const [alias, slot] of this.aliases)
      if (slot && !this.slots.has(alias)) this.slots.set(alias, slot);
    this.aliases.clear();
    return this;
  }

  /** @throws GatewayError not found, disabled, `upstream_unavailable` */
  get(name: string): E {
    const slot = this.slots.get(name);
    if (slot === undefined) throw this.fault.notFound(name);
    if (!slot.isEnabled) throw this.fault.disabled(name);
    if (!slot.isUp) throw new GatewayError('upstream_unavailable', { kind: this.kind, name });
    return slot.entry;
  }

  /** What lists show, in the order of adding. */
  listed(): E[] {
    const entries = new Set<E>();
    for (const slot of this.slots.values())
      if (slot.isEnabled && slot.isUp) entries.add(slot.entry);
    return [...entries];
  }
}
