import { Module } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Log } from '../platform/log/log.js';
import { Database } from './database.js';

@Module({
  providers: [
    {
      provide: Database,
      inject: [Config, Log],
      useFactory: async (config: Config, log: Log): Promise<Database> => {
        const database = await Database.open({
          url: config.databaseUrl,
          busyTimeoutMs: config.dbSqliteBusyTimeoutMs,
        });
        if (database.migrated.length > 0)
          log.info({ event: 'store.migrated', migrations: database.migrated });
        return database;
      },
    },
  ],
  exports: [Database],
})
export class StoreModule {}
