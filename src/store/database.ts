import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Backing } from './backing.js';
import { CallsRepository } from './calls.repository.js';
import {
  CatalogRepository,
  FederatedRepository,
  type GatewaysRepository,
  type PromptsRepository,
  type ResourcesRepository,
  type ServersRepository,
  type ToolsRepository,
} from './catalog.repository.js';
import {
  CALL,
  GATEWAY,
  IDEMPOTENCY,
  ITEM_METRICS,
  PERSON_LOGIN,
  PROMPT,
  RESOURCE,
  SERVER,
  SETTING,
  TOOL,
} from './definitions.js';
import { IdempotencyRepository } from './idempotency.repository.js';
import type { Store } from './port.js';
import { MetricsRepository } from './metrics.repository.js';
import { PersonLoginsRepository } from './person-logins.repository.js';
import { SettingsRepository } from './settings.repository.js';
import { type CatalogKind, Written } from './written.js';

/** All the repositories there are, on one store: the open one, or that of a transaction. */
export interface Repositories {
  readonly gateways: GatewaysRepository;
  readonly tools: ToolsRepository;
  readonly resources: ResourcesRepository;
  readonly prompts: PromptsRepository;
  readonly servers: ServersRepository;
  readonly calls: CallsRepository;
  readonly metrics: MetricsRepository;
  readonly idempotency: IdempotencyRepository;
  readonly personLogins: PersonLoginsRepository;
  readonly settings: SettingsRepository;
}

/** @param written where the repositories of the catalog note what they write, at the time of writing */
function repositoriesOf(store: Store, written: () => Written): Repositories {
  const note = (kind: CatalogKind) => (id: string) => {
    written().add(kind, id);
  };
  return {
    gateways: new CatalogRepository(store.repo(GATEWAY), note('gateways')),
    tools: new FederatedRepository(store.repo(TOOL), note('tools')),
    resources: new FederatedRepository(store.repo(RESOURCE), note('resources')),
    prompts: new FederatedRepository(store.repo(PROMPT), note('prompts')),
    servers: new CatalogRepository(store.repo(SERVER), note('servers')),
    calls: new CallsRepository(store.repo(CALL)),
    metrics: new MetricsRepository(store.repo(ITEM_METRICS)),
    idempotency: new IdempotencyRepository(store.repo(IDEMPOTENCY)),
    personLogins: new PersonLoginsRepository(store.repo(PERSON_LOGIN)),
    settings: new SettingsRepository(store.repo(SETTING)),
  };
}

/** The address of a database that lives and dies with its process; no setting names it. */
export const IN_MEMORY = 'memory:';

export interface DatabaseOptions {
  readonly url: string;
  /** Longest wait for a lock that another process holds. */
  readonly busyTimeoutMs: number;
}

/** The open database with an up-to-date schema. */
@Injectable()
export class Database implements OnApplicationShutdown {
  readonly repositories: Repositories;
  private written = new Written();

  private constructor(private readonly backing: Backing) {
    this.repositories = repositoriesOf(backing.store, () => this.written);
  }

  /**
   * Opens and migrates.
   * @throws StoreStartError when the database cannot be used, with what to do
   */
  static async open(options: DatabaseOptions): Promise<Database> {
    if (options.url === IN_MEMORY) {
      const { memoryBacking } = await import('./memory/memory-backing.js');
      return new Database(memoryBacking(IN_MEMORY));
    }
    const { openSql } = await import('./sql/open-sql.js');
    return new Database(await openSql(options.url, options.busyTimeoutMs));
  }

  /** Migrations that ran at this start. */
  get migrated(): readonly string[] {
    return this.backing.migrated;
  }

  /**
   * All of `work` or nothing. Inside, await the repositories handed in and nothing else: others wait
   * for the end of the transaction, the outer repositories included.
   * @throws DuplicateError, GatewayError `dependency_unavailable`, and what `work` throws
   */
  async transaction<T>(work: (repositories: Repositories) => Promise<T>): Promise<T> {
    const written = new Written();
    try {
      return await this.backing.store.transaction((tx) => work(repositoriesOf(tx, () => written)));
    } finally {
      this.written.addAll(written);
    }
  }

  /**
   * What this process has written of the catalog since the last call, as far as it is committed: read
   * afterwards, those records are at least as new. Some may be as they were.
   */
  takeWritten(): Written {
    const { written } = this;
    this.written = new Written();
    return written;
  }

  /** For a reader who took it and failed: the next one finds it again. */
  giveBackWritten(written: Written): void {
    this.written.addAll(written);
  }

  /** Reads something real. @throws GatewayError `dependency_unavailable` */
  async probe(): Promise<{ dialect: string; latencyMs: number }> {
    const start = performance.now();
    await this.repositories.settings.get('probe');
    return { dialect: this.backing.dialect, latencyMs: performance.now() - start };
  }

  /** @throws GatewayError `dependency_unavailable` */
  pendingMigrations(): Promise<number> {
    return this.backing.pendingMigrations();
  }

  /** The address, fit to be shown. */
  url(): string {
    return this.backing.shownUrl;
  }

  serverVersion(): Promise<string> {
    return this.backing.serverVersion();
  }

  /** Waits for what is under way. Everything that still wants to write does so in earlier hooks. */
  async onApplicationShutdown(): Promise<void> {
    await this.backing.close();
  }
}
