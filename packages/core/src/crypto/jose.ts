/**
 * Owns signatures by jose, for both engines.
 * @module
 */
