import { type MigrationInterface, type QueryRunner, TableColumn } from 'typeorm';
import type { TableColumnOptions } from 'typeorm';
import { kinds, orNull } from './columns.js';

/** What an authorization server gave the gateway for an upstream, and whether somebody has to log in. */
export class GatewayLogin1764300000000 implements MigrationInterface {
  readonly name = 'GatewayLogin1764300000000';

  async up(runner: QueryRunner): Promise<void> {
    const column = (options: object): TableColumn => new TableColumn(options as TableColumnOptions);
    const needed = { name: 'needsLogin', ...kinds.bool(runner) };
    await runner.addColumn(
      'gateway',
      column({ name: 'loginSealed', ...orNull(kinds.text)(runner) }),
    );
    // The rows that are there need a value; those to come bring their own.
    await runner.addColumn('gateway', column({ ...needed, default: false }));
    await runner.changeColumn('gateway', 'needsLogin', column(needed));
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const name of ['needsLogin', 'loginSealed']) await runner.dropColumn('gateway', name);
  }
}
