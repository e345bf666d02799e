/** The door `layover/testing`. */
export {}
