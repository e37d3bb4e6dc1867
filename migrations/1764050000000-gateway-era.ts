import { type MigrationInterface, type QueryRunner, TableColumn } from 'typeorm';
import type { TableColumnOptions } from 'typeorm';
import { kinds, orNull } from './columns.js';

const added = { era: orNull(kinds.str(16)), eraAt: orNull(kinds.time) };

/** How each Gateway is spoken to, and since when that is known. */
export class GatewayEra1764050000000 implements MigrationInterface {
  readonly name = 'GatewayEra1764050000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const [name, kind] of Object.entries(added))
      await runner.addColumn(
        'gateway',
        new TableColumn({ name, ...kind(runner) } as TableColumnOptions),
      );
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const name of Object.keys(added)) await runner.dropColumn('gateway', name);
  }
}
