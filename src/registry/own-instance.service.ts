import { randomUUID } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { INSTANCE } from '../kernel/federation.js';
import { PRODUCT_VERSION } from '../kernel/product.js';
import { Config } from '../config/config.js';
import { Database } from '../store/database.js';

const SETTING = 'instance.id';

/** Which gateway this is: the same for all its replicas, over restarts, under whatever address. */
@Injectable()
export class OwnInstance implements OnModuleInit {
  private known = '';

  constructor(
    private readonly database: Database,
    private readonly config: Config,
  ) {}

  async onModuleInit(): Promise<void> {
    this.known = await this.database.repositories.settings.setIfAbsent(SETTING, randomUUID());
  }

  get id(): string {
    return this.known;
  }

  /** What it says of itself where it is asked who it is. */
  get serverInfo(): Readonly<Record<string, string>> {
    return { name: this.config.appName, version: PRODUCT_VERSION, [INSTANCE]: this.known };
  }
}
