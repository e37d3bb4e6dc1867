/** Suites that start processes: the gateway as built, the test kit. Units are in jest.config.cjs. */
const units = require('./jest.config.cjs');

const suite = (name, more) => ({
  displayName: name,
  testEnvironment: units.testEnvironment,
  moduleNameMapper: units.moduleNameMapper,
  transform: units.transform,
  ...more,
});

/** @type {import('jest').Config} */
module.exports = {
  testTimeout: 60_000,
  maxWorkers: 2,
  projects: [
    suite('kit', { roots: ['<rootDir>/test/fakes'], testRegex: '\\.spec\\.ts$' }),
    suite('clients', { roots: ['<rootDir>/test/clients'], testRegex: '\\.clients\\.ts$' }),
    suite('matrix', { roots: ['<rootDir>/test/matrix'], testRegex: '\\.e2e\\.ts$' }),
    suite('e2e', { roots: ['<rootDir>/test/e2e'], testRegex: '\\.e2e\\.ts$' }),
  ],
};
