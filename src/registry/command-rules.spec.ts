import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { envFault, isCommandAllowed } from './command-rules.js';

describe('commands of stdio gateways', () => {
  const list = ['/usr/bin/node /srv/a.js', '/opt/server', '/bin/sh'];

  it.each([
    ['/usr/bin/node', ['/srv/a.js'], true],
    ['/usr/bin/node', ['/srv/a.js', '--more'], true],
    ['/usr/bin/node', ['-e', 'x'], false],
    ['/usr/bin/node', [], false],
    ['/opt/server', ['any', 'thing'], true],
    ['/bin/sh', ['-c', 'id'], false],
    ['/opt/../bin/sh', [], false],
    ['opt/server', [], false],
    ['/usr/bin/env', ['X=1', '/opt/server'], false],
    ['/usr/bin/npx', ['--yes', 'x'], false],
  ])('%s %j → %s', (command, args, allowed) => {
    expect(isCommandAllowed(command, args, list)).toBe(allowed);
  });

  it('takes a link to a shell for a shell', () => {
    const folder = mkdtempSync(join(tmpdir(), 'link-'));
    const link = join(folder, 'harmless');
    symlinkSync('/bin/sh', link);
    expect(isCommandAllowed(link, ['-c', 'id'], [link])).toBe(false);
    rmSync(folder, { recursive: true });
  });

  it.each(['PATH', 'LD_PRELOAD', 'NODE_OPTIONS', 'GIT_SSH_COMMAND', 'BASH_ENV', 'DYLD_X', 'a b'])(
    'refuses the variable %s',
    (name) => {
      expect(envFault(name, 'x')).toBeDefined();
    },
  );

  it('takes ordinary variables', () => {
    expect(envFault('API_KEY', 'x')).toBeUndefined();
  });
});
