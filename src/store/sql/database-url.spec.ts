import { parseDatabaseUrl, shownUrl } from './database-url.js';

describe('database URLs', () => {
  it.each([
    ['sqlite:///./mcp.db', './mcp.db'],
    ['sqlite:///data/mcp.db', 'data/mcp.db'],
    ['sqlite:////var/lib/mcp.db', '/var/lib/mcp.db'],
    ['sqlite::memory:', ':memory:'],
    ['sqlite:///:memory:', ':memory:'],
    ['sqlite:///./a.db?mode=rwc', './a.db'],
  ])('reads %s', (url, file) => {
    expect(parseDatabaseUrl(url.replace(/\?.*/, ''))).toEqual({ type: 'better-sqlite3', file });
  });

  it('is shown without user, password and options', () => {
    expect(shownUrl('postgresql://u:p@w@db:5432/x?password=y')).toBe('postgresql://db:5432/x');
    expect(shownUrl('sqlite:////var/a@b.db')).toBe('sqlite:////var/a@b.db');
  });
});
