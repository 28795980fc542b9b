/** The workflows of the bundle, under the names by which they are started. */
export { locate } from './locate.js';
export { partition } from './partition.js';
export { pipeline } from './pipeline.js';
