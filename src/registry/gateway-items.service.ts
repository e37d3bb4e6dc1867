import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import type { Actor } from '../kernel/caller.js';
import type { Gateway, SkippedItem, Tool } from '../kernel/catalog.js';
import { itemId } from '../kernel/names.js';
import type { Repositories } from '../store/database.js';
import type { Discovered, DiscoveredItem, SyncResult } from './discovered.js';
import { hintsAfter } from './list-hints.js';
import type { Judgement } from './schema/judge.js';
import { SchemasService } from './schema/schemas.service.js';
import { inputSchema, planPrompts, planResources, planTools } from './sync-plan.js';
import { freeName, ItemStamps, TakenNames, wantedNames } from './sync-names.js';
import type { Plan } from './sync-plan.js';

interface WritableRepo<T> {
  insert(rows: readonly T[]): Promise<void>;
  update(id: never, patch: Partial<T>): Promise<boolean>;
  delete(id: never): Promise<boolean>;
}

type TakenRepo = Pick<Repositories['resources'], 'takenNames' | 'takenIds'>;

/** What an upstream offers, its schemas judged. */
export interface Judged extends Discovered {
  readonly schemas: ReadonlyMap<string, Judgement>;
}

/** The items of one Gateway: what a sync writes, and what a new name of the Gateway means for theirs. */
@Injectable()
export class GatewayItems {
  constructor(
    private readonly config: Config,
    private readonly schemas: SchemasService,
  ) {}

  /**
   * Judges the schemas of tools that are new or changed. To be awaited before the transaction that
   * writes: it takes as long as the schemas are bad.
   */
  async judge(found: Discovered, stored: readonly Tool[]): Promise<Judged> {
    const known = new Set(stored.map((tool) => tool.definition));
    const news = (found.tools ?? []).filter((item) => !known.has(item.text));
    const schemas = await this.schemas.judgeAll(news.map((item) => inputSchema(item.text)));
    return { ...found, schemas };
  }

  /** What an upstream said of itself, as fields of its Gateway. */
  facts(gateway: Gateway, found: Discovered): Partial<Gateway> {
    const now = new Date().toISOString();
    return {
      transport: gateway.transport === 'AUTO' ? found.transport : gateway.transport,
      capabilities: found.capabilities,
      serverInfo: found.serverInfo,
      instructions: found.instructions,
      protocolVersion: found.protocolVersion,
      era: found.era,
      eraAt: found.eraAt,
      listHints: hintsAfter(gateway.listHints, found),
      reachable: true,
      status: gateway.enabled ? 'healthy' : 'disabled',
      statusMessage: null,
      lastError: null,
      lastSeen: now,
      lastRefreshAt: now,
    };
  }

  /** Writes the difference between what is stored and what was found. Edits of the owner stay. */
  async apply(r: Repositories, gateway: Gateway, found: Judged, actor: Actor): Promise<SyncResult> {
    const stamps = new ItemStamps(gateway, actor);
    const skipped: SkippedItem[] = [...found.skipped];
    const separator = this.config.gatewayToolNameSeparator;
    const context = { gateway, stamps, skipped, separator, schemas: found.schemas };
    const own = {
      tools: await r.tools.ofGateway(gateway.id),
      prompts: await r.prompts.ofGateway(gateway.id),
      resources: await r.resources.ofGateway(gateway.id),
    };
    const resourceItems = [...(found.resources ?? []), ...(found.resourceTemplates ?? [])];
    const newTools = newcomers(own.tools.map(original), found.tools);
    const newPrompts = newcomers(own.prompts.map(original), found.prompts);
    const newUris = newcomers(
      own.resources.map(({ uri }) => uri),
      resourceItems,
    );
    const tools =
      found.tools &&
      planTools(own.tools, found.tools, {
        ...context,
        taken: await this.taken(r.tools, gateway, newTools, ['tool']),
      });
    const prompts =
      found.prompts &&
      planPrompts(own.prompts, found.prompts, {
        ...context,
        taken: await this.taken(r.prompts, gateway, newPrompts, ['prompt']),
      });
    const uriKinds = ['resource', 'resource_template'];
    const resources = planResources(own.resources, found, {
      ...context,
      taken: new TakenNames([], await takenIds(r.resources, gateway, newUris, uriKinds)),
    });
    const toolCounts = await write(r.tools, tools);
    const resourceCounts = await write(r.resources, resources);
    const promptCounts = await write(r.prompts, prompts);
    return {
      toolsAdded: toolCounts.added,
      toolsUpdated: toolCounts.updated,
      toolsRemoved: toolCounts.removed,
      resourcesAdded: resourceCounts.added,
      resourcesUpdated: resourceCounts.updated,
      resourcesRemoved: resourceCounts.removed,
      promptsAdded: promptCounts.added,
      promptsUpdated: promptCounts.updated,
      promptsRemoved: promptCounts.removed,
      skipped,
    };
  }

  /** Gives all tools and prompts the names that the Gateway's new slug or mode asks for. */
  async rename(r: Repositories, gateway: Gateway): Promise<void> {
    const separator = this.config.gatewayToolNameSeparator;
    for (const repo of [r.tools, r.prompts]) {
      const own = await repo.ofGateway(gateway.id);
      const names = own.map((item) => item.customName ?? item.originalName);
      const taken = await this.taken(repo, gateway, names, []);
      for (const item of own) taken.release(item.name);
      for (const item of own) {
        const wanted = item.customName ?? item.originalName;
        const name = freeName(gateway, wanted, taken, separator);
        taken.claim(name);
        if (name !== item.name || item.federationSource !== gateway.name)
          await repo.update(item.id as never, { name, federationSource: gateway.name });
      }
    }
  }

  /** The names and ids in use among those that these items would have. */
  private async taken(
    repo: TakenRepo,
    gateway: Gateway,
    originals: readonly string[],
    kinds: readonly string[],
  ): Promise<TakenNames> {
    const separator = this.config.gatewayToolNameSeparator;
    const names = originals.flatMap((name) => wantedNames(gateway, name, separator));
    const ids = await takenIds(repo, gateway, originals, kinds);
    return new TakenNames(await repo.takenNames(names), ids);
  }
}

const original = (item: { readonly originalName: string }): string => item.originalName;

/** What an upstream offers that is not stored yet. */
function newcomers(known: readonly string[], items: readonly DiscoveredItem[] = []): string[] {
  const old = new Set(known);
  return items.map(({ name }) => name).filter((name) => !old.has(name));
}

/** The ids in use among those that newcomers would have. */
function takenIds(
  repo: TakenRepo,
  { slug }: Gateway,
  originals: readonly string[],
  kinds: readonly string[],
): Promise<string[]> {
  const ids = kinds.flatMap((kind) => originals.map((original) => itemId(slug, kind, original)));
  return repo.takenIds(ids);
}

async function write<T>(
  repo: WritableRepo<T>,
  plan: Plan<T> | undefined,
): Promise<{ added: number; updated: number; removed: number }> {
  if (!plan) return { added: 0, updated: 0, removed: 0 };
  for (const id of plan.remove) await repo.delete(id as never);
  for (const { id, patch } of plan.update) await repo.update(id as never, patch);
  if (plan.insert.length > 0) await repo.insert(plan.insert);
  return { added: plan.insert.length, updated: plan.update.length, removed: plan.remove.length };
}
