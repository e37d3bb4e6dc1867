import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { createdStamp, modifiedStamp } from '../kernel/audit-metadata.js';
import type { Actor, Caller } from '../kernel/caller.js';
import type { Prompt, Resource, Server, Tool } from '../kernel/catalog.js';
import { GatewayError } from '../kernel/errors.js';
import { parseUuid, type ServerId } from '../kernel/ids.js';
import { foldName } from '../kernel/names.js';
import { Sealer } from '../platform/crypto/sealer.js';
import type { Repositories } from '../store/database.js';
import { CatalogChanges } from './catalog-changes.service.js';
import { CatalogService } from './catalog.service.js';
import { requireVersion } from './faults.js';
import { filterRecords, type ListPage, type ListQuery, pageOf } from './listing.js';
import { memberIds, type MissingItem, missingItems } from './server-members.js';
import { checkedServer, type NewServer, type ServerPatch } from './server-fields.js';
import { visibilityOf } from './visibility.js';
import { visibleRows } from './visible-rows.js';

/** Virtual servers as people manage them. */
@Injectable()
export class ServersService {
  constructor(
    private readonly changes: CatalogChanges,
    private readonly catalog: CatalogService,
    private readonly sealer: Sealer,
  ) {}

  /** @throws GatewayError `invalid_cursor`, `validation_failed` */
  list(query: ListQuery, caller: Caller): ListPage<Server> {
    const visibility = visibilityOf(caller);
    const all = [...this.catalog.snapshot.servers.values()].filter((s) => visibility.server(s));
    const found = filterRecords(all, query, { texts: (s) => [s.name, s.description] });
    return pageOf(found, query, caller.principal, this.sealer);
  }

  /** By id or name, disabled ones too. @throws GatewayError `server_not_found` */
  get(idOrName: string, caller: Caller): Server {
    const { servers, serversByName } = this.catalog.snapshot;
    const id = parseUuid<ServerId>(idOrName);
    const server = (id && servers.get(id)) ?? serversByName.get(foldName(idOrName));
    if (!server || !visibilityOf(caller).server(server))
      throw new GatewayError('server_not_found', { name: idOrName });
    return server;
  }

  /** @throws GatewayError `validation_failed`, `unknown_reference`, `name_conflict`, `id_conflict` */
  async create(input: NewServer, actor: Actor, caller: Caller): Promise<Server> {
    const blank: Server = {
      ...createdStamp(actor, new Date()),
      ...BLANK,
      id: input.id ?? (randomUUID() as ServerId),
      name: input.name,
      enabled: input.enabled ?? true,
    };
    const server = this.merged(blank, input, caller);
    return this.changes.write({ kind: 'Server', name: server.name }, async (r) => {
      if (await r.servers.find(server.id))
        throw new GatewayError('id_conflict', { kind: 'Server', id: server.id });
      await refuseTaken(r, server);
      await r.servers.insert([server]);
      return server;
    });
  }

  /** @throws GatewayError as `create`, and `server_not_found`, `precondition_failed` */
  async update(
    id: ServerId,
    patch: ServerPatch & { readonly caller: Caller },
    actor: Actor,
    ifVersion?: number,
  ): Promise<Server> {
    return this.changes.write({ kind: 'Server', name: patch.name ?? id }, async (r) => {
      const before = await found(r, id);
      requireVersion(before, ifVersion);
      const merged = this.merged(before, patch, patch.caller);
      const after = { ...merged, ...modifiedStamp(actor, new Date(), before) };
      await refuseTaken(r, after);
      await r.servers.update(id, after);
      return after;
    });
  }

  /** The same state again changes nothing. @throws GatewayError `server_not_found`, `precondition_failed` */
  async setEnabled(
    id: ServerId,
    enabled: boolean,
    actor: Actor,
    ifVersion?: number,
  ): Promise<Server> {
    return this.changes.write({ kind: 'Server', name: id }, async (r) => {
      const before = await found(r, id);
      requireVersion(before, ifVersion);
      if (before.enabled === enabled) return before;
      const { version: _, ...stamp } = modifiedStamp(actor, new Date(), before);
      await r.servers.update(id, { ...stamp, enabled });
      return { ...before, ...stamp, enabled };
    });
  }

  /** @throws GatewayError `server_not_found`, `precondition_failed` */
  async delete(id: ServerId, ifVersion?: number): Promise<void> {
    await this.changes.write({ kind: 'Server', name: id }, async (r) => {
      requireVersion(await found(r, id), ifVersion);
      await r.servers.delete(id);
    });
  }

  /** The members whose records are there, in the owner's order, disabled ones too. */
  members(
    server: Server,
    caller: Caller,
  ): { tools: Tool[]; resources: Resource[]; prompts: Prompt[] } {
    const rows = visibleRows(this.catalog.snapshot, caller, server);
    return {
      tools: rows.tools.map((row) => row.item),
      resources: rows.resources.map((row) => row.item),
      prompts: rows.prompts.map((row) => row.item),
    };
  }

  /** Members whose record is gone; they return by themselves when the id returns. */
  missing(server: Server): MissingItem[] {
    return missingItems(this.catalog.snapshot, server);
  }

  private merged(base: Server, input: ServerPatch, caller: Caller): Server {
    const fields = checkedServer(base, input);
    const rows = visibleRows(this.catalog.snapshot, caller);
    return { ...base, ...fields, ...memberIds(base, input, rows, this.catalog.snapshot) };
  }
}

const BLANK = {
  tags: [],
  meta: {},
  description: null,
  icon: null,
  instructions: null,
  nameMode: 'gateway',
  toolIds: [],
  resourceIds: [],
  promptIds: [],
  memberNames: {},
  maxCallsPerMinute: 0,
} as const satisfies Partial<Server>;

async function found(r: Repositories, id: ServerId): Promise<Server> {
  const server = await r.servers.find(id);
  if (!server) throw new GatewayError('server_not_found', { name: id });
  return server;
}

async function refuseTaken(r: Repositories, server: Server): Promise<void> {
  const folded = foldName(server.name);
  const others = (await r.servers.names()).filter((s) => s.id !== server.id);
  if (others.some((s) => foldName(s.name) === folded))
    throw new GatewayError('name_conflict', { kind: 'Server', name: server.name });
}
