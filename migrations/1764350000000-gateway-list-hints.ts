import { type MigrationInterface, type QueryRunner, TableColumn } from 'typeorm';
import type { TableColumnOptions } from 'typeorm';
import { kinds, orNull } from './columns.js';

/** How long each upstream says that its lists are good, and for whom. */
export class GatewayListHints1764350000000 implements MigrationInterface {
  readonly name = 'GatewayListHints1764350000000';

  async up(runner: QueryRunner): Promise<void> {
    const column = { name: 'listHints', ...orNull(kinds.text)(runner) };
    await runner.addColumn('gateway', new TableColumn(column as TableColumnOptions));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropColumn('gateway', 'listHints');
  }
}
