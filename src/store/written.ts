/** The kinds of records that the catalog is made of. */
export const CATALOG_KINDS = ['gateways', 'tools', 'resources', 'prompts', 'servers'] as const;
export type CatalogKind = (typeof CATALOG_KINDS)[number];

/** Ids of the records of the catalog that were inserted, changed or deleted, by kind. */
export class Written {
  private readonly ids: Readonly<Record<CatalogKind, Set<string>>> = {
    gateways: new Set(),
    tools: new Set(),
    resources: new Set(),
    prompts: new Set(),
    servers: new Set(),
  };

  of(kind: CatalogKind): ReadonlySet<string> {
    return this.ids[kind];
  }

  add(kind: CatalogKind, id: string): void {
    this.ids[kind].add(id);
  }

  addAll(other: Written): void {
    for (const kind of CATALOG_KINDS) for (const id of other.of(kind)) this.add(kind, id);
  }
}
