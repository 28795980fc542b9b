/** The one direction of imports (docs/architecture.md): each folder names what it may import; everything else is an error. */
const may = {
  domain: [],
  pipelines: ['domain'],
  workflows: ['pipelines', 'domain', 'activities'], // activities by type only: .oxlintrc.json sees to that
  io: ['domain'],
  activities: ['pipelines', 'io', 'domain'],
  worker: ['workflows', 'activities', 'pipelines', 'io', 'domain'],
  dev: ['io'],
  cli: ['worker', 'io', 'pipelines', 'domain', 'dev'],
};

const directions = Object.entries(may).map(([folder, allowed]) => ({
  name: `${folder}-imports-only-${allowed.join('-') || 'itself'}`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: {
    path: '^src/',
    pathNot: `^src/(${[folder, ...allowed].join('|')})/`,
  },
}));

module.exports = {
  forbidden: [
    ...directions,
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'domain-is-pure',
      severity: 'error',
      comment: 'No clock, no I/O, no library: the rules import nothing but themselves.',
      from: { path: '^src/domain/' },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev'] },
    },
    {
      name: 'workflows-are-deterministic',
      severity: 'error',
      from: { path: '^src/workflows/' },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev'], pathNot: '@temporalio/(workflow|common)' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      conditionNames: ['import', 'node', 'default'],
      exportsFields: ['exports'],
      extensions: ['.ts', '.js'],
    },
    extraExtensionsToScan: [],
  },
};
