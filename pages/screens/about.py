"""Explain how a drawing becomes an answer."""

import streamlit as st

st.title("How it works")
st.markdown("""
#### From the pen to the answer

1. **Strokes.** The pad reports the path of the pen, many times a second, while it is still down.
2. **Ink.** The path is drawn again with a pen that suits its size. Whether you used a hairline or a marker, drew small
   or large, in the middle or in a corner, the ink is the same.
3. **Frame.** A tight box is put around the ink, shrunk to 20×20 pixels and placed on 28×28 so that its center of mass
   lies in the middle. The digits that the network learned from were framed by this same rule.
4. **Network.** A small convolutional network gives each of the ten digits a probability.
5. **Answer.** The likeliest digit, if its probability reaches the threshold that was measured along with the network;
   otherwise a question mark, with the reason.

#### What to expect

- The network learned from MNIST, digits written in the United States around 1990, from digits that people in Turkey
  wrote on a tablet, and from digits drawn for this project in the styles of other schools, such as a crossed 7 or a 1
  with a foot. Other habits are read less surely.
- It has also seen letters, signs and scribbles, to learn what is no digit. An O or an l is still a 0 or a 1 to it.
- It reads one digit on the pad. Of two digits side by side it says that there is more than one.
- The confidence was set on digits that it had not learned from, some of them by people it had never seen: of a hundred
  such digits read at 95%, about five are wrong. Your hand may be easier or harder than that.
- A drawing stays in your session: it is never stored, and nobody else sees it.
""")
