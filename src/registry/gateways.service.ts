import { Injectable } from '@nestjs/common';
import { createdStamp, modifiedStamp } from '../kernel/audit-metadata.js';
import type { Actor } from '../kernel/caller.js';
import type { Gateway, UpstreamCredential } from '../kernel/catalog.js';
import { GatewayError } from '../kernel/errors.js';
import { type GatewayId, parseUuid } from '../kernel/ids.js';
import { foldName } from '../kernel/names.js';
import { CatalogChanges } from './catalog-changes.service.js';
import type {
  Discovered,
  GatewayHealth,
  GatewayPatch,
  NewGateway,
  SyncResult,
} from './discovered.js';
import { requireVersion } from './faults.js';
import { GatewayRules } from './gateway-rules.service.js';
import { isDifferent, stateWhenEnabled } from './gateway-states.js';
import { GatewaySecrets, type OAuthSettings } from './gateway-secrets.service.js';
import type { View } from './views/common-view.js';
import { GatewayItems } from './gateway-items.service.js';

/** Gateways as people and the sync manage them: writes, and announces what it wrote. */
@Injectable()
export class GatewaysService {
  constructor(
    private readonly changes: CatalogChanges,
    private readonly rules: GatewayRules,
    private readonly secrets: GatewaySecrets,
    private readonly items: GatewayItems,
  ) {}

  list(): Promise<Gateway[]> {
    return this.changes.repositories.gateways.all();
  }

  /** By id, name or slug. @throws GatewayError `gateway_not_found`, `ambiguous_name` */
  async get(idOrNameOrSlug: string): Promise<Gateway> {
    const id = parseUuid<GatewayId>(idOrNameOrSlug);
    const byId = id && (await this.changes.repositories.gateways.find(id));
    if (byId) return byId;
    const wanted = foldName(idOrNameOrSlug);
    const found = (await this.list()).filter(
      (g) => foldName(g.name) === wanted || g.slug === wanted,
    );
    const [only] = found;
    if (!only) throw new GatewayError('gateway_not_found', { name: idOrNameOrSlug });
    if (found.length > 1)
      throw new GatewayError(
        'ambiguous_name',
        { kind: 'Gateway', name: idOrNameOrSlug, count: found.length },
        { data: { candidates: found.map((g) => g.id) } },
      );
    return only;
  }

  /**
   * Checks a new Gateway and makes its record, sealed and ready to dial, without storing it.
   * @throws GatewayError `validation_failed`, `egress_blocked`, `feature_disabled`, `command_not_allowed`,
   *   `gateway_conflict`, `id_conflict`
   */
  async draft(input: NewGateway, actor: Actor): Promise<Gateway> {
    const draft = this.rules.draft(input, createdStamp(actor, new Date()));
    this.refuseTaken(draft, await this.list());
    return draft;
  }

  /**
   * Stores a draft with all that was found, in one transaction.
   * @param found `null` = not reached yet: stored as `pending`
   */
  async create(draft: Gateway, found: Discovered | null, actor: Actor): Promise<Gateway> {
    const gateway = found ? { ...draft, ...this.items.facts(draft, found) } : draft;
    const judged = found && (await this.items.judge(found, []));
    return this.changes.write({ kind: 'Gateway', name: draft.name }, async (r) => {
      this.refuseTaken(draft, await r.gateways.all());
      await r.gateways.insert([gateway]);
      if (!judged) return gateway;
      const { skipped } = await this.items.apply(r, gateway, judged, actor);
      await r.gateways.update(gateway.id, { skippedItems: skipped });
      return { ...gateway, skippedItems: skipped };
    });
  }

  /** @throws GatewayError as `draft`; `gateway_not_found`, `precondition_failed`, `secret_required` */
  async update(
    id: GatewayId,
    patch: GatewayPatch,
    actor: Actor,
    ifVersion?: number,
  ): Promise<Gateway> {
    return this.changes.write({ kind: 'Gateway', name: patch.name ?? id }, async (r) => {
      const before = await found(r.gateways.find(id), id);
      requireVersion(before, ifVersion);
      const merged = this.rules.merge(before, patch);
      const after = { ...merged, ...modifiedStamp(actor, new Date(), before) };
      this.refuseTaken(
        after,
        (await r.gateways.all()).filter((g) => g.id !== id),
      );
      await r.gateways.update(id, after);
      // They belong to that address, and to nobody else's login.
      if (before.loginPerUser && (!after.loginPerUser || after.url !== before.url))
        await r.personLogins.deleteOfGateway(id);
      if (after.slug !== before.slug || after.nameMode !== before.nameMode)
        await this.items.rename(r, after);
      return after;
    });
  }

  /** The same state again changes nothing. @throws GatewayError `gateway_not_found`, `precondition_failed` */
  async setEnabled(
    id: GatewayId,
    enabled: boolean,
    actor: Actor,
    ifVersion?: number,
  ): Promise<Gateway> {
    return this.changes.write({ kind: 'Gateway', name: id }, async (r) => {
      const before = await found(r.gateways.find(id), id);
      requireVersion(before, ifVersion);
      if (before.enabled === enabled) return before;
      const { version: _, ...stamp } = modifiedStamp(actor, new Date(), before);
      const state = enabled ? stateWhenEnabled(before) : { status: 'disabled' as const };
      const patch = { ...stamp, ...state, enabled };
      await r.gateways.update(id, patch);
      return { ...before, ...patch };
    });
  }

  /** Its items go too. @throws GatewayError `gateway_not_found`, `precondition_failed` */
  async delete(id: GatewayId, ifVersion?: number): Promise<void> {
    await this.changes.write({ kind: 'Gateway', name: id }, async (r) => {
      requireVersion(await found(r.gateways.find(id), id), ifVersion);
      await r.tools.deleteOfGateway(id);
      await r.resources.deleteOfGateway(id);
      await r.prompts.deleteOfGateway(id);
      await r.personLogins.deleteOfGateway(id);
      await r.gateways.delete(id);
    });
  }

  /**
   * Writes what a sync found. Lists that are `undefined` keep their old items; the Gateway counts as up.
   * @throws GatewayError `gateway_not_found`
   */
  async applySync(id: GatewayId, discovered: Discovered, actor: Actor): Promise<SyncResult> {
    const taken = { kind: 'Tool', name: 'discovered' };
    const stored = await this.changes.repositories.tools.ofGateway(id);
    const judged = await this.items.judge(discovered, stored);
    const { result, isChanged } = await this.changes.commit(taken, async (r) => {
      const before = await found(r.gateways.find(id), id);
      const result = await this.items.apply(r, before, judged, actor);
      const facts = { ...this.items.facts(before, discovered), skippedItems: result.skipped };
      await r.gateways.update(id, facts);
      return { result, isChanged: isDifferent(before, { ...before, ...facts }, result) };
    });
    if (isChanged) await this.changes.settle();
    return result;
  }

  /** Does not raise the version; announces only what changes the lists. */
  async setHealth(id: GatewayId, health: GatewayHealth): Promise<void> {
    const { gateways } = this.changes.repositories;
    const before = await gateways.find(id);
    if (!before?.enabled) return;
    await gateways.update(id, health);
    const isOther = health.status !== undefined && health.status !== before.status;
    if (isOther || (health.reachable !== undefined && health.reachable !== before.reachable))
      this.changes.announce();
  }

  /** The upstream has asked its client something: its sessions are not shared any more. */
  async markAsksClient(id: GatewayId): Promise<void> {
    await this.changes.repositories.gateways.update(id, { asksClient: true });
    this.changes.announce();
  }

  /** The era was looked at again and is what it was; a new one comes with the sync that follows. */
  async markEra(id: GatewayId, eraAt: string): Promise<void> {
    await this.changes.repositories.gateways.update(id, { eraAt });
    this.changes.announce();
  }

  /**
   * Keeps what an authorization server gave, or that somebody has to log in.
   * @param login `url` is what it belongs to
   * @returns whether it was kept: not at a Gateway that is gone or has another address by now
   */
  async setLogin(
    id: GatewayId,
    login: {
      readonly url: string;
      readonly record?: unknown;
      readonly needsLogin?: boolean;
    },
  ): Promise<boolean> {
    const { url, record } = login;
    const { gateways } = this.changes.repositories;
    const before = await gateways.find(id);
    if (before?.url !== url) return false;
    const { needsLogin = before.needsLogin } = login;
    const sealed = record === undefined ? {} : { loginSealed: this.secrets.sealLogin(id, record) };
    await gateways.update(id, { ...sealed, needsLogin });
    if (before.needsLogin !== needsLogin) this.changes.announce();
    return true;
  }

  /** What was kept of the logins of a Gateway, whoever did so last; `null` = nothing. */
  async login(id: GatewayId): Promise<unknown> {
    const gateway = await this.changes.repositories.gateways.find(id);
    return gateway === undefined ? null : this.secrets.login(id, gateway.loginSealed);
  }

  /** @throws GatewayError `upstream_error` when it cannot be unsealed */
  oauthSettings(gateway: Gateway): OAuthSettings {
    return this.secrets.oauth(gateway);
  }

  /** `oauthConfig` as it is shown. A seal that cannot be opened any more must not hide the rest. */
  oauthShown(gateway: Gateway): View {
    return this.secrets.oauthShown(gateway);
  }

  /** @throws GatewayError `upstream_error` when it cannot be unsealed */
  credential(gateway: Gateway): UpstreamCredential {
    return this.secrets.credential(gateway);
  }

  /** The whole own environment of a stdio child. @throws GatewayError `upstream_error` */
  childEnv(gateway: Gateway): Record<string, string> {
    return this.secrets.env(gateway);
  }

  /** Names of its environment. A seal that cannot be opened any more must not hide it from its owner. */
  envNames(gateway: Gateway): string[] {
    return this.secrets.envNames(gateway);
  }

  private refuseTaken(gateway: Gateway, others: readonly Gateway[]): void {
    if (others.some((g) => g.slug === gateway.slug)) throw new GatewayError('gateway_conflict');
    if (others.some((g) => g.id === gateway.id))
      throw new GatewayError('id_conflict', { kind: 'Gateway', id: gateway.id });
  }
}

async function found(record: Promise<Gateway | undefined>, id: string): Promise<Gateway> {
  const gateway = await record;
  if (!gateway) throw new GatewayError('gateway_not_found', { name: id });
  return gateway;
}
