import { defineConfig } from 'vitest/config'

// Suites by what they need: `unit` is pure, the others run real processes and therefore one file at a time per core.
const source = { resolve: { conditions: ['source'] }, ssr: { resolve: { conditions: ['source'] } } }
const patient = { testTimeout: 120_000, hookTimeout: 60_000, teardownTimeout: 20_000 }

export default defineConfig({
  test: {
    projects: [
      {
        ...source,
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'scripts/**/*.test.ts', 'tests/rig/**/*.test.ts'],
          exclude: ['**/*.process.test.ts'],
          // What is pure needs no worker of its own for each file.
          isolate: false,
          testTimeout: 20_000,
        },
      },
      { ...source, test: { name: 'simulation', include: ['tests/simulation/**/*.test.ts'], ...patient } },
      {
        ...source,
        test: {
          name: 'integration',
          include: [
            'packages/*/src/**/*.process.test.ts',
            'tests/rig/**/*.process.test.ts',
            'tests/integration/**/*.test.ts',
          ],
          globalSetup: ['tests/rig/build-once.ts'],
          maxWorkers: 2,
          ...patient,
        },
      },
      {
        ...source,
        test: {
          name: 'chaos',
          include: ['tests/chaos/**/*.test.ts'],
          globalSetup: ['tests/rig/build-once.ts'],
          maxWorkers: 1,
          ...patient,
          testTimeout: 600_000,
        },
      },
      {
        ...source,
        test: {
          name: 'packaging',
          include: ['tests/packaging/**/*.test.ts'],
          globalSetup: ['tests/packaging/install.ts'],
          maxWorkers: 1,
          ...patient,
          testTimeout: 300_000,
        },
      },
    ],
  },
})
