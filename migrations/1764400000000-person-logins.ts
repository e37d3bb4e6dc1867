import { type MigrationInterface, type QueryRunner, TableColumn } from 'typeorm';
import type { TableColumnOptions } from 'typeorm';
import { createTable, kinds } from './columns.js';

const { bool, id, int, str, text, time } = kinds;

/** Gateways where each person logs in for itself, and those logins. */
export class PersonLogins1764400000000 implements MigrationInterface {
  readonly name = 'PersonLogins1764400000000';

  async up(runner: QueryRunner): Promise<void> {
    const column = (options: object): TableColumn => new TableColumn(options as TableColumnOptions);
    const perUser = { name: 'loginPerUser', ...bool(runner) };
    // The rows that are there need a value; those to come bring their own.
    await runner.addColumn('gateway', column({ ...perUser, default: false }));
    await runner.changeColumn('gateway', 'loginPerUser', column(perUser));
    await createTable(
      runner,
      'person_login',
      {
        ...{ id, gatewayId: str(36), principalHash: str(64), loginSealed: text },
        ...{ revision: int, since: time, updatedAt: time },
      },
      { index: [['gatewayId'], ['principalHash']] },
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('person_login');
    await runner.dropColumn('gateway', 'loginPerUser');
  }
}
