import type { Gateway } from '../kernel/catalog.js';
import { GatewayError } from '../kernel/errors.js';
import { isAvailable } from './available.js';

interface NamedItem {
  readonly enabled: boolean;
  readonly name: string;
  readonly originalName: string;
  readonly customName: string | null;
}

/** What a name leads to. */
export interface Slot<E, R = unknown> {
  readonly entry: E;
  readonly row: R;
  readonly isEnabled: boolean;
  readonly isUp: boolean;
  /** Its other names: exposed, original, custom; those of disabled items lead nowhere. */
  readonly aliases: readonly string[];
}

export function slotOf<
  E extends { readonly shownName: string },
  R extends { readonly item: NamedItem; readonly gateway: Gateway },
>(entry: E, row: R): Slot<E, R> {
  const { item, gateway } = row;
  const isEnabled = item.enabled && gateway.enabled;
  const aliases = new Set<string>();
  if (isEnabled)
    for (const name of [item.name, item.originalName, item.customName])
      if (name !== null && name !== entry.shownName) aliases.add(name);
  return { entry, row, isEnabled, isUp: isAvailable(gateway), aliases: [...aliases] };
}

/**
 * Names to entries, by table, never by splitting (SECURITY.md S62). Shown names first; an alias (original,
 * custom or exposed name) counts while exactly one item has it and no shown name equals it.
 */
export class NameTable<E extends { readonly shownName: string }, R> {
  private readonly slots = new Map<string, Slot<E, R>>();
  /** Made at the first name that is not shown. */
  private aliases: ReadonlyMap<string, Slot<E, R> | null> | undefined;

  constructor(
    private readonly kind: string,
    private readonly fault: {
      notFound(name: string): GatewayError;
      disabled(name: string): GatewayError;
    },
  ) {}

  add(slot: Slot<E, R>): void {
    this.slots.set(slot.entry.shownName, slot);
  }

  /** @throws GatewayError not found, disabled, `upstream_unavailable` */
  get(name: string): E {
    const slot = this.slots.get(name) ?? (this.aliases ??= this.makeAliases()).get(name);
    if (!slot) throw this.fault.notFound(name);
    if (!slot.isEnabled) throw this.fault.disabled(name);
    if (!slot.isUp) throw new GatewayError('upstream_unavailable', { kind: this.kind, name });
    return slot.entry;
  }

  /** What lists show, in the order of adding. */
  listed(): Slot<E, R>[] {
    return [...this.slots.values()].filter(({ isEnabled, isUp }) => isEnabled && isUp);
  }

  /** `null` where several have one. */
  private makeAliases(): ReadonlyMap<string, Slot<E, R> | null> {
    const aliases = new Map<string, Slot<E, R> | null>();
    for (const slot of this.slots.values())
      for (const alias of slot.aliases) {
        const other = aliases.get(alias);
        if (other === undefined) aliases.set(alias, slot);
        else if (other !== null) aliases.set(alias, null);
      }
    return aliases;
  }
}
