import { execFileSync } from 'node:child_process';
import { setFlagsFromString } from 'node:v8';
import { keepObjectsYoung } from './young-objects.js';

jest.mock('node:v8', () => ({ setFlagsFromString: jest.fn() }));

describe('keepObjectsYoung', () => {
  it('sets a flag that this V8 has', () => {
    keepObjectsYoung();
    const [flag] = jest.mocked(setFlagsFromString).mock.calls[0] as [string];
    const known = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
    expect(known).toContain(`--${flag.replace(/^--no-/, '')} (`);
  });
});
