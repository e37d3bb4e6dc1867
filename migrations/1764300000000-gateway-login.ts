import { type MigrationInterface, type QueryRunner, TableColumn } from 'typeorm';
import type { TableColumnOptions } from 'typeorm';
import { kinds, orNull } from './columns.js';

/** What an authorization server gave the gateway for an upstream, and whether somebody has to log in. */
export class GatewayLogin1764300000000 implements MigrationInterface {
  readonly name = 'GatewayLogin1764300000000';

  async up(runner: QueryRunner): Promise<void> {
    const sealed = { name: 'loginSealed', ...orNull(kinds.text)(runner) };
    const needed = { name: 'needsLogin', ...kinds.bool(runner), default: false };
    for (const column of [sealed, needed])
      await runner.addColumn('gateway', new TableColumn(column as TableColumnOptions));
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const name of ['needsLogin', 'loginSealed']) await runner.dropColumn('gateway', name);
  }
}
