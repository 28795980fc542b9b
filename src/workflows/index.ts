/** The workflows of the bundle, under the names by which they are started. */
export { partition } from './partition.js';
export { pipeline } from './pipeline.js';
