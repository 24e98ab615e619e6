// The discrete Fourier transform of complex signals whose length is a power of two (Cooley & Tukey 1965).

export class Fourier {
  #size;
  #cosines;
  #sines;
  #reversed; // where each index goes when its bits are read backwards

  constructor(size) {
    const bits = Math.log2(size);
    this.#size = size;
    this.#cosines = Float64Array.from({ length: size / 2 }, (_, k) => Math.cos((2 * Math.PI * k) / size));
    this.#sines = Float64Array.from({ length: size / 2 }, (_, k) => -Math.sin((2 * Math.PI * k) / size));
    this.#reversed = Uint32Array.from({ length: size }, (_, i) => {
      let reversed = 0;
      for (let bit = 0; bit < bits; bit++) reversed |= ((i >> bit) & 1) << (bits - 1 - bit);
      return reversed;
    });
  }

  // In place. With the two parts exchanged it is the inverse, times the size: transform(imaginary, real).
  transform(real, imaginary) {
    this.#reorder(real, imaginary);
    const cosines = this.#cosines;
    const sines = this.#sines;
    for (let half = 1; half < this.#size; half *= 2) {
      const stride = this.#size / (2 * half);
      for (let k = 0; k < half; k++) {
        const c = cosines[k * stride];
        const s = sines[k * stride];
        for (let low = k; low < this.#size; low += 2 * half) {
          const high = low + half;
          const turnedReal = real[high] * c - imaginary[high] * s;
          const turnedImaginary = real[high] * s + imaginary[high] * c;
          real[high] = real[low] - turnedReal;
          imaginary[high] = imaginary[low] - turnedImaginary;
          real[low] += turnedReal;
          imaginary[low] += turnedImaginary;
        }
      }
    }
  }

  #reorder(real, imaginary) {
    for (let i = 0; i < this.#size; i++) {
      const j = this.#reversed[i];
      if (j <= i) continue;
      const [x, y] = [real[i], imaginary[i]];
      real[i] = real[j];
      imaginary[i] = imaginary[j];
      real[j] = x;
      imaginary[j] = y;
    }
  }
}
