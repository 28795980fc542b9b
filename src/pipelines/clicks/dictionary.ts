/** Numbers for texts that repeat, as JSON a list of them; null is one of them. */
export class Dictionary<Text extends string | null> {
  readonly texts: Text[] = [];
  readonly #indexes = new Map<Text, number>();

  get size(): number {
    return this.texts.length;
  }

  indexOf(text: Text): number {
    let index = this.#indexes.get(text);
    if (index === undefined) {
      index = this.texts.push(text) - 1;
      this.#indexes.set(text, index);
    }
    return index;
  }
}
