import { spawn, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cpuMs } from './procfs.mjs';

const require = createRequire(import.meta.url);
const { startChild } = require('../drive/child.cjs');
export const { startGateway, token, ROOT } = require('../drive/gateway-process.cjs');
const here = dirname(fileURLToPath(import.meta.url));

const canPin = availableParallelism() > 1 && spawnSync('taskset', ['-c', '0', 'true']).status === 0;
/** What is measured runs alone on core 0, everything else on core 1. */
export const SUBJECT = canPin ? ['taskset', '-c', '0'] : [];
export const REST = canPin ? ['taskset', '-c', '1'] : [];

/** A script of this folder as a process; `value` is the URL it printed. */
export function startScript(name, env, pin) {
  const [command, ...args] = [...pin, process.execPath, join(here, name)];
  return startChild(command, args, {
    env: { ...process.env, ...env },
    ready: (line) => /^READY (\S+)/.exec(line)?.[1],
  });
}

/** The load process. */
export async function startLoad() {
  const [command, ...args] = [...REST, process.execPath, join(here, 'load.mjs')];
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const next = (wanted) =>
    new Promise((resolve, reject) => {
      const hear = (message) => {
        if (message.event !== wanted && message.event !== 'failed') return;
        child.off('message', hear);
        if (message.event === 'failed') reject(new Error(message.message));
        else resolve(message);
      };
      child.on('message', hear);
    });
  await next('ready');
  return {
    /** One run against one subject: what the load saw, and the CPU that the subject spent on it. */
    async measure(pid, spec) {
      const begun = next('begin');
      child.send(spec);
      await begun;
      const ended = next('end');
      const before = cpuMs(pid);
      const { figures } = await ended;
      const cpu = cpuMs(pid) - before;
      if (figures.wrong > 0)
        throw new Error(`${figures.wrong} wrong answers from ${spec.url}: ${figures.example}`);
      return { ...figures, cpuMs: cpu, cpuUsPerCall: (cpu * 1000) / figures.calls };
    },
    stop: () => child.kill(),
  };
}
