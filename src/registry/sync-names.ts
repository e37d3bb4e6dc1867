import { randomUUID } from 'node:crypto';
import { createdStamp, modifiedStamp } from '../kernel/audit-metadata.js';
import type { Actor } from '../kernel/caller.js';
import type { AuditMetadata, Gateway } from '../kernel/catalog.js';
import { collisionName, exposedName, foldName, itemId, originalForm } from '../kernel/names.js';

/** Names and ids that are in use in one kind of item, as far as newcomers could want them. */
export class TakenNames {
  private readonly names = new Set<string>();
  private readonly ids = new Set<string>();

  constructor(names: Iterable<string>, ids: Iterable<string> = []) {
    for (const name of names) this.names.add(foldName(name));
    for (const id of ids) this.ids.add(id);
  }

  has(name: string): boolean {
    return this.names.has(foldName(name));
  }

  claim(name: string): void {
    this.names.add(foldName(name));
  }

  release(name: string): void {
    this.names.delete(foldName(name));
  }

  /** The id that an item of this origin has everywhere and for ever; a random one when it is in use. */
  idFor(slug: string, kind: string, original: string): string {
    const id = itemId(slug, kind, original);
    const free = this.ids.has(id) ? randomUUID() : id;
    this.ids.add(free);
    return free;
  }
}

/** The name of a newcomer as the Gateway's mode asks for; with a hash when others have it (API.md §1.6). */
export function freeName(
  gateway: Gateway,
  original: string,
  taken: TakenNames,
  separator: string,
): string {
  if (gateway.nameMode === 'original' && !taken.has(originalForm(original)))
    return originalForm(original);
  const prefixed = exposedName(gateway.slug, original, separator);
  return taken.has(prefixed) ? collisionName(prefixed, gateway.id, original) : prefixed;
}

/** The names that `freeName` looks for. */
export function wantedNames(gateway: Gateway, original: string, separator: string): string[] {
  return [originalForm(original), exposedName(gateway.slug, original, separator)];
}

/** Audit metadata of items that came from a Gateway. */
export class ItemStamps {
  private readonly now = new Date();
  private readonly actor: Actor;

  constructor(
    private readonly gateway: Gateway,
    actor: Actor,
  ) {
    this.actor = { ...actor, via: 'federation' };
  }

  created(): AuditMetadata {
    return createdStamp(this.actor, this.now, { federationSource: this.gateway.name });
  }

  modified(current: { readonly version: number }): Partial<AuditMetadata> {
    return modifiedStamp(this.actor, this.now, current);
  }
}
