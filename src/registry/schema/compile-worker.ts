import { parentPort } from 'node:worker_threads';
import { type SchemaJob, SchemaJobs } from './schema-jobs.js';

/** The program of the thread that compiles large schemas and checks arguments against them. */
const jobs = new SchemaJobs();
// Warm before the first job is timed: the meta-schema alone takes longer than most schemas.
jobs.do({ kind: 'judge', schema: '{"type":"object"}' });

parentPort?.on('message', (job: SchemaJob) => {
  parentPort?.postMessage(jobs.do(job));
});
parentPort?.postMessage('up');
