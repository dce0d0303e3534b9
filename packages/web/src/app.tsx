import { Details } from './components/details.tsx';
import { Header } from './components/header.tsx';
import { Library } from './components/library.tsx';
import { Screen } from './components/screen.tsx';
import { Title } from './components/title.tsx';
import { TokenForm } from './components/token-form.tsx';
import { usePageDrop } from './drop.ts';
import { session } from './session.ts';

export function App() {
  const dragging = usePageDrop();
  return (
    <div class="page">
      <Header />
      <main>
        {session.value.state === 'token_needed' ? (
          <TokenForm refused={session.value.refused} />
        ) : (
          <>
            <Title />
            <Screen dragging={dragging} />
            <Details />
            <Library />
          </>
        )}
      </main>
    </div>
  );
}
