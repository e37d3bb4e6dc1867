import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { DataSource } from 'typeorm';
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
import { CALL, GATEWAY, PROMPT, RESOURCE, SERVER, SETTING, TOOL } from './definitions.js';
import type { Store } from './port.js';
import { SettingsRepository } from './settings.repository.js';
import { parseDatabaseUrl, shownUrl } from './sql/database-url.js';
import { openDataSource, startError } from './sql/data-source.js';
import { translate } from './sql/failures.js';
import { SerialGate, type Gate } from './sql/gate.js';
import { countPending, migrate } from './sql/migrate.js';
import { SqlStore } from './sql/sql.store.js';

/** All the repositories there are, on one store: the open one, or that of a transaction. */
export interface Repositories {
  readonly gateways: GatewaysRepository;
  readonly tools: ToolsRepository;
  readonly resources: ResourcesRepository;
  readonly prompts: PromptsRepository;
  readonly servers: ServersRepository;
  readonly calls: CallsRepository;
  readonly settings: SettingsRepository;
}

function repositoriesOf(store: Store): Repositories {
  return {
    gateways: new CatalogRepository(store.repo(GATEWAY)),
    tools: new FederatedRepository(store.repo(TOOL)),
    resources: new FederatedRepository(store.repo(RESOURCE)),
    prompts: new FederatedRepository(store.repo(PROMPT)),
    servers: new CatalogRepository(store.repo(SERVER)),
    calls: new CallsRepository(store.repo(CALL)),
    settings: new SettingsRepository(store.repo(SETTING)),
  };
}

export interface DatabaseOptions {
  readonly url: string;
  /** Longest wait for a lock that another process holds. */
  readonly busyTimeoutMs: number;
}

/** The open database with an up-to-date schema. */
@Injectable()
export class Database implements OnApplicationShutdown {
  readonly repositories: Repositories;
  private readonly store: Store;

  private constructor(
    private readonly dataSource: DataSource,
    private readonly gate: Gate,
    private readonly shown: string,
    /** Migrations that ran at this start. */
    readonly migrated: readonly string[],
  ) {
    this.store = new SqlStore(dataSource.manager, gate);
    this.repositories = repositoriesOf(this.store);
  }

  /**
   * Opens and migrates.
   * @throws StoreStartError when the database cannot be used, with what to do
   */
  static async open({ url, busyTimeoutMs }: DatabaseOptions): Promise<Database> {
    const target = parseDatabaseUrl(url);
    const dataSource = await openDataSource(target, busyTimeoutMs);
    try {
      const migrated = await migrate(dataSource);
      return new Database(dataSource, new SerialGate(busyTimeoutMs), shownUrl(url), migrated);
    } catch (e) {
      await dataSource.destroy();
      throw startError(e, target.file);
    }
  }

  /**
   * All of `work` or nothing. Inside, await the repositories handed in and nothing else: others wait
   * for the end of the transaction, the outer repositories included.
   * @throws DuplicateError, GatewayError `dependency_unavailable`, and what `work` throws
   */
  transaction<T>(work: (repositories: Repositories) => Promise<T>): Promise<T> {
    return this.store.transaction((tx) => work(repositoriesOf(tx)));
  }

  /** Reads something real. @throws GatewayError `dependency_unavailable` */
  async probe(): Promise<{ dialect: string; latencyMs: number }> {
    const start = performance.now();
    await this.repositories.settings.get('probe');
    return { dialect: 'sqlite', latencyMs: performance.now() - start };
  }

  /** @throws GatewayError `dependency_unavailable` */
  async pendingMigrations(): Promise<number> {
    return this.gate
      .run(() => countPending(this.dataSource))
      .catch((e: unknown) => {
        throw translate(e);
      });
  }

  /** The address, fit to be shown. */
  url(): string {
    return this.shown;
  }

  async serverVersion(): Promise<string> {
    const rows = await this.gate.run(() =>
      this.dataSource.query<{ version: string }[]>('SELECT sqlite_version() AS version'),
    );
    return rows[0]?.version ?? 'unknown';
  }

  /** Waits for what is under way. Everything that still wants to write does so in earlier hooks. */
  async onApplicationShutdown(): Promise<void> {
    await this.gate.run(() => this.dataSource.destroy());
  }
}
