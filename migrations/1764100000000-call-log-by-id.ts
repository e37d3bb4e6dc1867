import { type MigrationInterface, type QueryRunner, TableIndex } from 'typeorm';

/** Ids of calls sort by time, so the second index cost each call and gave nothing. */
export class CallLogById1764100000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.dropIndex('call_log', 'ix_call_log_at');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.createIndex(
      'call_log',
      new TableIndex({ name: 'ix_call_log_at', columnNames: ['at'] }),
    );
  }
}
