/** The part of the driver that specs use directly, as another process would. */
declare module 'better-sqlite3' {
  class SqliteFile {
    constructor(path: string);
    exec(sql: string): this;
    prepare(sql: string): { get(): unknown };
    close(): void;
  }
  export = SqliteFile;
}
